/** From measured times to the figures of the tables. */
import { linearRegression, median, quantile } from 'simple-statistics';
import type { Measurement } from './measure.js';
import { isTorch } from './engines.js';
import { hardware } from './protocol.js';

export interface TimeSummary {
  /** Milliseconds */
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
}

/** @returns null where nothing was timed */
export function summariseTimes(milliseconds: readonly number[]): TimeSummary | null {
  if (milliseconds.length === 0) return null;
  const values = [...milliseconds];
  return {
    median: median(values),
    lowerQuartile: quantile(values, 0.25),
    upperQuartile: quantile(values, 0.75),
  };
}

/** The times of which there are medians and ratios. */
export type Timed = 'milliseconds' | 'queuedMilliseconds';

/**
 * The median as a multiple of that of PyTorch on the same hardware, on a CPU with as many threads; null without
 * one of the two.
 */
export function ratioToTorch(
  measurement: Measurement,
  all: readonly Measurement[],
  timed: Timed = 'milliseconds',
): number | null {
  const torch = all.find(
    (other) =>
      isTorch(other.engine) &&
      other.hardware === measurement.hardware &&
      (other.hardware !== hardware.cpu || other.threads === measurement.threads),
  );
  const own = summariseTimes(measurement[timed]);
  const reference = torch && summariseTimes(torch[timed]);
  return own && reference ? own.median / reference.median : null;
}

/**
 * The exponent p of cost ~ size^p, by least squares on the logarithms.
 *
 * @param costs of each size; at least two
 */
export function growthExponent(sizes: readonly number[], costs: readonly number[]): number {
  if (sizes.length !== costs.length || sizes.length < 2) {
    throw new Error(`growthExponent: ${costs.length} costs for ${sizes.length} sizes`);
  }
  return linearRegression(sizes.map((size, index) => [Math.log(size), Math.log(costs[index]!)])).m;
}

/** The share of the larger time that the base does not take, in 0 … 1; negative where it takes more. */
export function addedShare(base: number, whole: number): number {
  return (whole - base) / whole;
}
