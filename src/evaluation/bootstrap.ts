/**
 * Percentile bootstrap (Efron): how far a number would move with other samples of the same kind. Samples are
 * drawn from those that there are, with replacement, and the number is computed again, many times.
 */
import { quantileSorted } from 'simple-statistics';
import { stream } from '../tensor/random.js';

export interface Interval {
  /** With the samples that there are */
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface IntervalOptions {
  readonly seed: number;
  /** How often samples are drawn; default 1000 */
  readonly resamples?: number;
  /** The share of intervals that cover what they should; default 0.95 */
  readonly confidence?: number;
}

/**
 * The interval of a number that samples decide. The difference of two methods is such a number, too: when both
 * are computed from the same drawn samples, it is a paired one.
 *
 * The same seed and count draw the same samples, whatever is computed of them.
 *
 * @param count how many samples there are
 * @param statistic the number, of samples given by their places in 0 … count − 1
 * @throws Error when there are no samples, an option is impossible, or the number is not finite
 */
export function bootstrapInterval(
  count: number,
  statistic: (samples: readonly number[]) => number,
  { seed, resamples = 1000, confidence = 0.95 }: IntervalOptions,
): Interval {
  if (count < 1) throw new Error('bootstrap: no samples');
  if (!Number.isInteger(resamples) || resamples < 1) {
    throw new Error(`bootstrap: resamples must be a positive integer, got ${resamples}`);
  }
  if (!(confidence > 0 && confidence < 1)) {
    throw new Error(`bootstrap: confidence must be between 0 and 1, got ${confidence}`);
  }
  const random = stream(seed, 'bootstrap');
  const finite = (samples: readonly number[]) => {
    const value = statistic(samples);
    if (!Number.isFinite(value)) throw new Error(`bootstrap: the number to resample is ${value}`);
    return value;
  };
  const value = finite(Array.from({ length: count }, (_, sample) => sample));
  const drawn = Array.from({ length: resamples }, () =>
    finite(Array.from({ length: count }, () => random.integer(count))),
  );
  // `quantile` of both ends at once has errors in simple-statistics 7.8.8.
  drawn.sort((a, b) => a - b);
  const outside = (1 - confidence) / 2;
  const [low, high] = [outside, 1 - outside].map((share) => quantileSorted(drawn, share));
  return { value, low: low!, high: high! };
}
