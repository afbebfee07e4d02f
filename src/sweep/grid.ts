/** The grid of a sweep: combinations of values, what they make of options, and what they are called. */
import { withOption, type RawOptions } from '../experiments/configFile.js';

export type GridValue = number | string | boolean;

/** Values by dotted key, such as `mmp.heads`. */
export type Grid = Readonly<Record<string, readonly GridValue[]>>;

/** One value of every key. */
export type Variation = readonly (readonly [key: string, value: GridValue])[];

/** Every combination of the values, the last key changing fastest; of no keys, the empty one. */
export function combinations(grid: Grid): Variation[] {
  return Object.entries(grid).reduce<Variation[]>(
    (all, [key, values]) =>
      all.flatMap((variation) => values.map((value) => [...variation, [key, value] as const])),
    [[]],
  );
}

/** The options with the values of a variation. */
export const varied = (options: RawOptions, variation: Variation): RawOptions =>
  variation.reduce((all, [key, value]) => withOption(all, key, value), options);

/** What a run is called in its folder's name: `mmp heads=2` is `mmp-heads-2`. */
export function runName(title: string, variation: Variation): string {
  const parts = variation.flatMap(([key, value]) => [key.split('.').at(-1)!, String(value)]);
  return slug([title, ...parts].join('-'));
}

/** A text as part of a folder's name. */
export const slug = (text: string): string => text.replaceAll(/[^a-zA-Z0-9._]+/g, '-');

/** Options of which the second win, key by key. What is of another kind is replaced as a whole. */
export function merged(common: RawOptions, own: RawOptions): RawOptions {
  const result = { ...common };
  for (const [key, value] of Object.entries(own)) {
    const before = result[key];
    const belongTogether = isRecord(before) && isRecord(value) && kindsAgree(before, value);
    result[key] = belongTogether ? merged(before, value) : value;
  }
  return result;
}

/** Whether neither says that it is something else than the other, such as another masking policy. */
const kindsAgree = (one: RawOptions, other: RawOptions): boolean =>
  ['kind', 'name'].every((key) => other[key] === undefined || other[key] === one[key]);

const isRecord = (value: unknown): value is RawOptions =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
