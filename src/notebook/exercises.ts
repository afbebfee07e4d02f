/**
 * The exercises of the notebooks: each has named cases with results worked out by hand, and answers in
 * words. An exercise that is not solved yet says so and does not stop the notebook.
 */
import { display } from './display.js';

interface Case {
  readonly name: string;
  readonly input: readonly unknown[];
  readonly expected: unknown;
  /** What to think about when it is wrong */
  readonly hint: string;
}

const root2 = Math.SQRT2;

/** By notebook. */
const exercises = {
  /** (M) → the probability that one given modality is masked under D9 */
  masking: [
    {
      name: 'two modalities',
      input: [2],
      expected: 1 / 4,
      hint: 'k is 0 or 1, each half of the time',
    },
    { name: 'three modalities', input: [3], expected: 1 / 3, hint: 'what is the mean of k?' },
    { name: 'ten modalities', input: [10], expected: 9 / 20, hint: 'it approaches a half' },
  ],
  /** (query, keys) → the attention weights of one query, without linears and heads */
  aggregate: [
    {
      name: 'equal keys',
      input: [
        [3, 4],
        [
          [1, 1],
          [1, 1],
          [1, 1],
          [1, 1],
        ],
      ],
      expected: [0.25, 0.25, 0.25, 0.25],
      hint: 'equal scores share equally; do the weights sum to one?',
    },
    {
      name: 'one key three times as heavy',
      input: [
        [root2, 0],
        [
          [0, 5],
          [Math.log(3), 5],
        ],
      ],
      expected: [0.25, 0.75],
      hint: 'divide the score by √d before the exponential',
    },
    {
      name: 'large scores',
      input: [
        [1000 * root2, 0],
        [
          [1, 0],
          [0, 0],
        ],
      ],
      expected: [1, 0],
      hint: 'subtract the largest score before the exponential, or it overflows',
    },
  ],
  /** (M, d) → [parameters of Eq. 3 with weights per target, with weights per pair] */
  relate: [
    {
      name: 'three modalities of width 64',
      input: [3, 64],
      expected: [3 * 16_640, 6 * 16_640],
      hint: 'four linears with bias are 4·(d² + d)',
    },
    {
      name: 'two modalities of width 1',
      input: [2, 1],
      expected: [16, 16],
      hint: 'with two modalities each target has one source',
    },
  ],
  /** (N, L, d, variant) → multiply-adds of the four linears of Eq. 4 */
  refine: [
    {
      name: 'tokens',
      input: [16, 8, 64, 'tokens'],
      expected: 2 * 24 * 4096,
      hint: 'query and output have N rows, key and value L',
    },
    {
      name: 'aggregated',
      input: [16, 8, 64, 'aggregated'],
      expected: 2 * 24 * 4096,
      hint: 'query and output have L rows, key and value N',
    },
  ],
  /** (features by source, order of the other modalities, d) → one row of Z_m */
  project: [
    {
      name: 'both available',
      input: [{ a: [1, 2], b: [3, 4] }, ['a', 'b'], 2],
      expected: [1, 2, 3, 4],
      hint: 'slots stand in declared order',
    },
    {
      name: 'the first is missing',
      input: [{ b: [3, 4] }, ['a', 'b'], 2],
      expected: [0, 0, 3, 4],
      hint: 'a slot keeps its place when its modality is missing (D2)',
    },
    {
      name: 'another order of arrival',
      input: [{ c: [5], a: [1] }, ['a', 'b', 'c'], 1],
      expected: [1, 0, 5],
      hint: 'go through the order, not through the features',
    },
  ],
  /** (target, predicted) → the gradient of SmoothL1 with respect to predicted, one number each */
  align: [
    { name: 'a small error', input: [1, 1.5], expected: 0.5, hint: 'inside ±1 the loss is ½e²' },
    { name: 'a large error', input: [3, 1], expected: -1, hint: 'outside ±1 the loss is |e| − ½' },
    { name: 'no error', input: [2, 2], expected: 0, hint: 'e = predicted − target' },
  ],
} satisfies Record<string, readonly Case[]>;

export type ExerciseName = keyof typeof exercises;

/** What a reader hands in; a stub returns undefined. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- readers' functions take what their case gives
export type Attempt = (...input: any[]) => unknown;

const close = (a: unknown, b: unknown): boolean => {
  if (typeof a === 'number' && typeof b === 'number') return Math.abs(a - b) <= 1e-6;
  return (
    Array.isArray(a) &&
    Array.isArray(b) &&
    a.length === b.length &&
    a.every((x, i) => close(x, b[i]))
  );
};

/**
 * Runs an attempt on every case.
 *
 * @returns what to tell the reader, and whether it is solved
 */
export function checkAttempt(
  name: ExerciseName,
  attempt: Attempt,
): { solved: boolean; text: string } {
  for (const { name: label, input, expected, hint } of exercises[name] as readonly Case[]) {
    const got = answer(attempt, input);
    if (got === undefined) return { solved: false, text: `${name}: not solved yet` };
    if (!close(got, expected)) {
      const text = `${name}, case "${label}": expected ${JSON.stringify(expected)}, got ${JSON.stringify(got)}. ${hint}.`;
      return { solved: false, text };
    }
  }
  return { solved: true, text: `${name}: solved, all ${exercises[name].length} cases` };
}

function answer(attempt: Attempt, input: readonly unknown[]): unknown {
  try {
    return attempt(...structuredClone(input));
  } catch (error) {
    return `an error: ${(error as Error).message}`;
  }
}

/** Tells the reader how an attempt does. */
export function exercise(name: ExerciseName, attempt: Attempt): void {
  display({ 'text/plain': checkAttempt(name, attempt).text });
}
