/**
 * Named random streams: `stream(7, 'masking')` always yields the same numbers, whatever else draws.
 * Nothing in the project uses a global generator.
 */
import { createHash } from 'node:crypto';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** A seeded sequence of draws. */
export class Stream {
  constructor(private generator: RandomGenerator) {}

  /** Where it is, so that the same draws can follow again: four integers of 32 bits. */
  state(): readonly number[] {
    return this.generator.getState();
  }

  /** Goes on from where `state` was taken. */
  restore(state: readonly number[]): void {
    this.generator = xoroshiro128plusFromState(state);
  }

  /** Another stream, which draws what this one would. */
  copy(): Stream {
    return new Stream(this.generator.clone());
  }

  /** A number in [low, high), uniformly. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * uniformFloat64(this.generator);
  }

  /** An integer in 0 … below − 1, uniformly. */
  integer(below: number): number {
    return uniformInt(this.generator, 0, below - 1);
  }

  /** A number from the normal distribution with mean 0 and standard deviation 1 (Box and Muller). */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A copy of `items` in random order (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[] {
    const result = [...items];
    for (let last = result.length - 1; last > 0; last--) {
      const chosen = this.integer(last + 1);
      [result[last], result[chosen]] = [result[chosen]!, result[last]!];
    }
    return result;
  }
}

/**
 * The stream of that name under that seed. Different names give independent streams, so a draw added
 * to one never shifts another.
 */
export function stream(seed: number, name: string): Stream {
  const digest = createHash('sha256').update(`${seed}/${name}`).digest();
  return new Stream(
    xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset))),
  );
}
