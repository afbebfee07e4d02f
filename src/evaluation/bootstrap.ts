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

/** Samples by their places in 0 … count − 1; one can be there several times. */
export type Places = ArrayLike<number> & Iterable<number>;

/** The number that is resampled, of these samples */
export type Statistic = (samples: Places) => number;

/** Samples drawn once, for the intervals of any numbers. */
export class Bootstrap {
  private readonly options: Required<IntervalOptions>;
  private drawn?: readonly Int32Array[];

  /**
   * @param count how many samples there are
   * @throws Error when there are none, or an option is impossible
   */
  constructor(
    private readonly count: number,
    { seed, resamples = 1000, confidence = 0.95 }: IntervalOptions,
  ) {
    if (count < 1) throw new Error('bootstrap: no samples');
    if (!Number.isInteger(resamples) || resamples < 1) {
      throw new Error(`bootstrap: resamples must be a positive integer, got ${resamples}`);
    }
    if (!(confidence > 0 && confidence < 1)) {
      throw new Error(`bootstrap: confidence must be between 0 and 1, got ${confidence}`);
    }
    this.options = { seed, resamples, confidence };
  }

  /**
   * The interval of a number that samples decide. The difference of two methods is such a number, too: when both
   * are computed from the same drawn samples, it is a paired one.
   *
   * @throws Error when the number is not finite
   */
  interval(statistic: Statistic): Interval {
    const finite: Statistic = (samples) => {
      const value = statistic(samples);
      if (!Number.isFinite(value)) throw new Error(`bootstrap: the number to resample is ${value}`);
      return value;
    };
    const value = finite(Int32Array.from({ length: this.count }, (_, sample) => sample));
    this.drawn ??= this.draw();
    const values = this.drawn.map(finite).sort((a, b) => a - b);
    // `quantile` of both ends at once has errors in simple-statistics 7.8.8.
    const outside = (1 - this.options.confidence) / 2;
    const [low, high] = [outside, 1 - outside].map((share) => quantileSorted(values, share));
    return { value, low: low!, high: high! };
  }

  private draw(): Int32Array[] {
    const random = stream(this.options.seed, 'bootstrap');
    return Array.from({ length: this.options.resamples }, () =>
      Int32Array.from({ length: this.count }, () => random.integer(this.count)),
    );
  }
}

/**
 * The interval of one number.
 *
 * The same seed and count draw the same samples, whatever is computed of them.
 *
 * @param count how many samples there are
 * @throws Error when there are no samples, an option is impossible, or the number is not finite
 */
export function bootstrapInterval(
  count: number,
  statistic: Statistic,
  options: IntervalOptions,
): Interval {
  return new Bootstrap(count, options).interval(statistic);
}
