/** Numbers that a notebook stands for, each with the band in which it is expected. */
import { display } from './display.js';

/** The MIME type under which a report is machine-readable. */
export const reportMime = 'application/vnd.mmp.report+json';

export type Band = readonly [low: number, high: number];

/** What a report says to machines. JSON has no NaN and no Infinity: such a value is null. */
export interface Report {
  readonly name: string;
  readonly value: number | null;
  readonly band: Band | null;
}

export interface ReportOptions {
  /** Where the value is expected, its ends included; without one nothing is */
  readonly band?: Band | undefined;
  /** How many significant digits are shown */
  readonly digits?: number;
}

/**
 * Shows a number and where it was expected.
 *
 * @throws Error, after having shown it, when the value is not finite or lies outside of its band
 */
export function report(
  name: string,
  value: number,
  { band, digits = 3 }: ReportOptions = {},
): void {
  if (band && !isBand(band)) {
    const got = `[${band.join(', ')}]`;
    throw new Error(`report "${name}": a band is two finite numbers, the lower first, got ${got}`);
  }
  const finite = Number.isFinite(value);
  const inside = finite && (!band || (band[0] <= value && value <= band[1]));
  const expected = band ? `expected ${band[0]} to ${band[1]}` : 'no expectation';
  // What fails is shown as it is: rounded it may look as if it did not.
  const shown = inside ? rounded(value, digits) : value;
  const said: Report = { name, value: finite ? value : null, band: band ?? null };
  display({ [reportMime]: said, 'text/plain': `${name}: ${shown} (${expected})` });
  if (!inside) throw new Error(`${name} is ${value}, ${expected}`);
}

/** Rounded to significant digits, but never to tens. */
function rounded(value: number, digits: number): number {
  return Math.abs(value) >= 10 ** digits ? Math.round(value) : Number(value.toPrecision(digits));
}

function isBand(numbers: readonly number[]): boolean {
  const [low, high] = numbers;
  return numbers.length === 2 && numbers.every(Number.isFinite) && low! <= high!;
}
