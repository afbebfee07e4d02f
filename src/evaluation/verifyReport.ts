/** What `mmp verify` prints. */
import { worstOf, type Outcome } from './verify.js';

const short = (value: number) => value.toExponential(1);

/** A table of one case, or why there is none. */
export function outcomeText(outcome: Outcome, limit: number): string {
  const { prefix } = outcome;
  if ('failure' in outcome) return `${prefix}\n  FAIL: ${outcome.failure}`;
  const { about, comparisons } = outcome;
  const rows = comparisons.map(
    ({ name, shape, scale, floored, error, index, actual, expected }) => [
      name,
      `[${shape.join(', ')}]`,
      `${short(scale)}${floored ? ' (floor)' : ''}`,
      short(error),
      error <= limit ? '' : `FAIL at index ${index}: expected ${expected}, got ${actual}`,
    ],
  );
  const table = [['tensor', 'shape', 'relative to', 'worst error', ''], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
  const worst = `worst ${short(worstOf(outcome))} of ${rows.length} tensors`;
  return [`${prefix}: ${about}`, ...lines.map((line) => `  ${line}`), `  ${worst}`].join('\n');
}

/** The closing line; PASS only where the worst error is within the limit. */
export function verdict(worst: number, limit: number): string {
  const word = worst <= limit ? 'PASS' : 'FAIL';
  return `verify: ${word} worst ${short(worst)} (limit ${limit.toExponential()})`;
}
