/** From measured times to the figures of the tables. */
import { linearRegression, median, quantile } from 'simple-statistics';
import type { Measurement } from './measure.js';
import { torchName } from './engines.js';

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

/** The median as a multiple of that of PyTorch with as many threads; null without one of the two. */
export function ratioToTorch(measurement: Measurement, all: readonly Measurement[]): number | null {
  const torch = all.find(
    ({ engine, threads }) => engine === torchName && threads === measurement.threads,
  );
  const own = summariseTimes(measurement.milliseconds);
  const reference = torch && summariseTimes(torch.milliseconds);
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
