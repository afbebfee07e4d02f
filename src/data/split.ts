/** A fixed split of labelled samples that keeps the share of every class, and a check of splits that are given. */
import { stream } from '../tensor/random.js';
import { splitNames, type SplitName, type Splits } from './dataset.js';

export interface Shares {
  readonly validation: number;
  readonly test: number;
}

/**
 * Splits each class by itself: `round(share · n)` of its n samples go to test and to validation, the
 * rest to training, which always keeps at least one. So a class with one sample is never tested, and
 * small classes may be absent from validation.
 *
 * @param labels the class of each sample
 * @returns sample indices per split, ascending
 */
export function stratifiedSplit(labels: ArrayLike<number>, shares: Shares, seed: number): Splits {
  const classes = new Map<number, number[]>();
  Array.from(labels).forEach((label, sample) => {
    const members = classes.get(label) ?? [];
    members.push(sample);
    classes.set(label, members);
  });
  const splits = { train: [] as number[], validation: [] as number[], test: [] as number[] };
  for (const [label, members] of classes) {
    const order = stream(seed, `split/${label}`).shuffled(members);
    const test = Math.min(Math.round(shares.test * order.length), order.length - 1);
    const validation = Math.min(
      Math.round(shares.validation * order.length),
      order.length - 1 - test,
    );
    splits.test.push(...order.slice(0, test));
    splits.validation.push(...order.slice(test, test + validation));
    splits.train.push(...order.slice(test + validation));
  }
  for (const samples of Object.values(splits)) samples.sort((a, b) => a - b);
  return splits;
}

/** @throws Error naming the sample that is in two splits, or twice in one */
export function expectOnce(
  splits: Readonly<Record<SplitName, readonly string[]>>,
  source: string,
): void {
  const seen = new Map<string, SplitName>();
  for (const split of splitNames) {
    for (const name of splits[split]) {
      const before = seen.get(name);
      if (before !== undefined) {
        throw new Error(`${source}: ${name} is in ${before} and again in ${split}`);
      }
      seen.set(name, split);
    }
  }
}
