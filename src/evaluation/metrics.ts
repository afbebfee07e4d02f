/**
 * Metrics. Each takes from a sample what it needs of it, once, and is then computed of any samples, also of
 * some that are taken several times: that is how a bootstrap resamples.
 */
import type { Places } from './bootstrap.js';

/** Some numbers by sample, as a metric takes them from it; as many from each. */
export type Contributions = readonly (readonly number[])[];

/** Contributions in columns: of each of these numbers, that of all samples. */
export type Columns = readonly Float64Array[];

/** The class of every pixel of an image, row by row, of so many classes. */
export interface ClassMap {
  readonly pixels: Int32Array;
  readonly classes: number;
}

/** What a network answers about a sample: logits [C], or classes of pixels. */
export type Prediction = Float32Array | ClassMap;

/** The truth about a sample: its class or its number, or the class of every pixel, row by row. */
export type Target = number | Int32Array;

/**
 * @typeParam Truth what is known about a sample
 * @typeParam Answer what is compared with it
 */
export interface Metric<Truth = Target, Answer = Prediction> {
  readonly name: string;
  readonly higherIsBetter: boolean;
  /** Whether it is in 0 … 1, and shown in per cent */
  readonly isShare: boolean;
  /** What one must know to read its interval */
  readonly caution?: string;
  /** What one sample contributes: a number whether it is right, or the counts of its confusion matrix. */
  contribution(prediction: Answer, target: Truth): readonly number[];
  /** The metric of the samples at these places of the columns, at least one. */
  combine(columns: Columns, samples: Places): number;
}

/** Of samples with one label each */
export type SampleMetric = Metric<number, Float32Array>;

/** The share of samples whose largest logit is that of their class. */
export const topAccuracy: SampleMetric = {
  name: 'accuracy',
  higherIsBetter: true,
  isShare: true,
  contribution: (logits, label) => [isRight(logits, label)],
  combine: ([right], samples) => meanOf(right!, samples),
};

/** The mean over the classes of the share of their samples that are right; classes without samples do not count. */
export const balancedAccuracy: SampleMetric = {
  name: 'balanced accuracy',
  higherIsBetter: true,
  isShare: true,
  caution:
    'The interval lies too high where classes have few samples: a drawing lacks some of these classes.',
  contribution: (logits, label) => [isRight(logits, label), label],
  combine: ([right, label], samples) => {
    // By class; what there is of a class begins with its first sample.
    const [hits, all]: [number[], number[]] = [[], []];
    const classes: number[] = [];
    for (const sample of samples) {
      const own = label![sample]!;
      if (all[own] === undefined) {
        classes.push(own);
        [hits[own], all[own]] = [0, 0];
      }
      hits[own]! += right![sample]!;
      all[own]++;
    }
    return classes.reduce((sum, own) => sum + hits[own]! / all[own]!, 0) / classes.length;
  },
};

/** The mean of −log softmax(logits)[label]. */
export const meanCrossEntropy: SampleMetric = {
  name: 'cross-entropy',
  higherIsBetter: false,
  isShare: false,
  contribution: (logits, label) => {
    // The largest is taken out, so that no exponential overflows.
    const largest = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return [largest + Math.log(sum) - logits[label]!];
  },
  combine: ([loss], samples) => meanOf(loss!, samples),
};

/** What a classification is measured by. */
export const classificationMetrics: readonly [SampleMetric, ...SampleMetric[]] = [
  topAccuracy,
  balancedAccuracy,
  meanCrossEntropy,
];

/**
 * What each sample contributes to a metric.
 *
 * @throws Error when there are no samples, or not as many predictions as labels
 */
export function contributionsOf<Truth, Answer>(
  metric: Metric<Truth, Answer>,
  predictions: readonly Answer[],
  targets: readonly Truth[],
): Contributions {
  if (predictions.length !== targets.length || predictions.length === 0) {
    throw new Error(
      `${metric.name}: ${predictions.length} predictions for ${targets.length} labels`,
    );
  }
  return predictions.map((prediction, sample) => metric.contribution(prediction, targets[sample]!));
}

/** Contributions in columns, as `combine` takes them. */
export function columnsOf(contributions: Contributions): Columns {
  return (contributions[0] ?? []).map((_, column) =>
    Float64Array.from(contributions, (numbers) => numbers[column]!),
  );
}

/**
 * A metric of all these samples.
 *
 * @throws Error when there are no samples, or not as many predictions as labels
 */
export function measure<Truth, Answer>(
  metric: Metric<Truth, Answer>,
  predictions: readonly Answer[],
  targets: readonly Truth[],
): number {
  const columns = columnsOf(contributionsOf(metric, predictions, targets));
  return metric.combine(columns, Int32Array.from(predictions.keys()));
}

/** The sum of the values at these places. */
export function sumOf(values: Float64Array, samples: Places): number {
  let sum = 0;
  for (const sample of samples) sum += values[sample]!;
  return sum;
}

/** The mean of the values at these places. */
export const meanOf = (values: Float64Array, samples: Places): number =>
  sumOf(values, samples) / samples.length;

const isRight = (logits: Float32Array, label: number) =>
  logits.indexOf(Math.max(...logits)) === label ? 1 : 0;
