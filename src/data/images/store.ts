/**
 * Pictures between reading, which takes time, and use, which is synchronous. A sample that was fetched is kept
 * until it was taken as often as it was fetched.
 */
import { NotFetched } from '../dataset.js';
import type { Picture } from './picture.js';

interface Kept<T> {
  /** How often it was fetched and not yet taken */
  claims: number;
  readonly reading: Promise<void>;
  picture?: T;
}

/** @typeParam T what a sample has: one picture, or several that belong together */
export class PictureStore<T = Picture> {
  private readonly kept = new Map<number, Kept<T>>();

  /**
   * @param read reads the picture of a sample
   * @param name what errors call a sample
   * @param limit how many pictures are kept at most
   */
  constructor(
    private readonly read: (sample: number) => Promise<T>,
    private readonly name: (sample: number) => string,
    private readonly limit: number,
  ) {}

  /**
   * Reads the pictures that are not there yet.
   *
   * @throws NotFetched with the error of the first that cannot be read; then none of these is claimed
   */
  async fetch(samples: readonly number[]): Promise<void> {
    const unknown = new Set(samples.filter((sample) => !this.kept.has(sample)));
    const count = this.kept.size + unknown.size;
    if (count > this.limit) {
      throw new NotFetched(
        `${count} pictures would be kept, and ${this.limit} may be: ${this.kept.size} were fetched and never used`,
      );
    }
    const results = await Promise.allSettled(samples.map((sample) => this.claim(sample)));
    const failed = results.find((result) => result.status === 'rejected');
    if (!failed) return;
    this.forget(samples);
    const reason = failed.reason as Error;
    throw new NotFetched(reason.message, { cause: reason });
  }

  /**
   * The pictures of samples that were fetched.
   *
   * @throws Error naming the sample that was not
   */
  take(samples: readonly number[]): T[] {
    const pictures = samples.map((sample) => {
      const picture = this.kept.get(sample)?.picture;
      if (picture !== undefined) return picture;
      throw new Error(`${this.name(sample)} was not fetched: call "await fetch(samples)" first`);
    });
    this.forget(samples);
    return pictures;
  }

  /** Takes samples that were fetched without using them. */
  forget(samples: readonly number[]): void {
    for (const sample of samples) {
      const kept = this.kept.get(sample);
      if (kept && --kept.claims === 0) this.kept.delete(sample);
    }
  }

  /** How many pictures are kept or being read */
  get size(): number {
    return this.kept.size;
  }

  private claim(sample: number): Promise<void> {
    const kept = this.kept.get(sample) ?? this.begin(sample);
    kept.claims++;
    return kept.reading;
  }

  private begin(sample: number): Kept<T> {
    const reading = this.read(sample).then((picture) => {
      kept.picture = picture;
    });
    const kept: Kept<T> = { claims: 0, reading };
    this.kept.set(sample, kept);
    return kept;
  }
}
