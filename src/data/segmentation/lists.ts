/** Lists of samples, and how they become splits. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { stream } from '../../tensor/random.js';
import { bySplit, numbered, splitNames, type Splits } from '../dataset.js';
import { expectOnce } from '../split.js';

/** Where validation comes from: a list of its own, a part of training, or the test set, as the references have it. */
export const validationSources = ['list', 'train', 'test'] as const;
export type ValidationSource = (typeof validationSources)[number];

export interface ValidationOptions {
  readonly validation?: ValidationSource;
  /** Which share of training becomes validation where it is taken from there; default 0.1 */
  readonly validationShare?: number;
  /** Decides which samples those are; default 1 */
  readonly seed?: number;
}

/** The samples by name, and their splits. */
export interface ListedSamples {
  readonly names: readonly string[];
  readonly splits: Splits;
}

/**
 * Reads a list: a sample per line, either its bare name, `0`, or its files separated by a tab or spaces,
 * `RGB/0.jpg<tab>Label/0.png`, whose names must be the same.
 *
 * @throws Error naming the file and line: cannot be read, an empty line, no name, two names, a name that was there
 */
export function readList(file: string): string[] {
  const lines = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  const seen = new Map<string, number>();
  return lines.map((line, index) => {
    const wrong = (got: string) =>
      new Error(
        `${file}, line ${index + 1}: expected the name of a sample or its files, got ${got}`,
      );
    const words = line.trim().split(/\s+/);
    if (words[0] === '') throw wrong('nothing');
    const names = words.map((word) => path.posix.parse(word).name);
    const name = names[0]!;
    if (!/^\w[\w.-]*$/.test(name)) throw wrong(JSON.stringify(line));
    const other = names.find((each) => each !== name);
    if (other !== undefined) throw wrong(`two, ${name} and ${other}`);
    const before = seen.get(name);
    if (before !== undefined) throw wrong(`${name}, which line ${before + 1} has`);
    seen.set(name, index);
    return name;
  });
}

/**
 * Splits listed samples. With `test`, the samples of testing are there twice, numbered anew for validation, so that no
 * number is in two splits.
 *
 * @param lists the names of each split by where validation may come from; `list` only where there is one
 * @throws Error naming a sample that is in two lists, or an option that cannot be
 */
export function splitLists(
  lists: { train: readonly string[]; test: readonly string[]; list?: readonly string[] },
  { validation = 'train', validationShare = 0.1, seed = 1 }: ValidationOptions,
  source: string,
): ListedSamples {
  if (!validationSources.includes(validation)) {
    throw new Error(
      `${source}: validation must be ${validationSources.join(', ')}, got ${validation}`,
    );
  }
  const parts = { train: lists.train, test: lists.test, validation: lists.test };
  if (validation === 'list') {
    if (!lists.list) {
      throw new Error(`${source}: it has no list of validation; take it from "train" or "test"`);
    }
    parts.validation = lists.list;
  }
  if (validation === 'train') {
    const taken = takenFrom(lists.train, validationShare, seed, source);
    parts.train = lists.train.filter((name) => !taken.has(name));
    parts.validation = lists.train.filter((name) => taken.has(name));
  }
  expectOnce(validation === 'test' ? { ...parts, validation: [] } : parts, source);
  return {
    names: splitNames.flatMap((split) => parts[split]),
    splits: numbered(bySplit((split) => parts[split].length)),
  };
}

function takenFrom(train: readonly string[], share: number, seed: number, source: string) {
  const count = Math.round(train.length * share);
  if (count >= 1 && count < train.length) {
    return new Set(stream(seed, 'validation').shuffled(train).slice(0, count));
  }
  throw new Error(
    `${source}: validationShare must leave samples for both, got ${share} of ${train.length}`,
  );
}
