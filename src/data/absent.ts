/** Files that are not as they should be, counted, some by name. */

export interface Absent {
  readonly count: number;
  /** Some of them, as files */
  readonly first: readonly string[];
}

/** How many are named */
const named = 5;

export const absentOf = (files: readonly string[]): Absent => ({
  count: files.length,
  first: files.slice(0, named),
});
