/**
 * Metrics. Each takes from a sample what it needs of it, once, and is then computed of any samples, also of
 * some that are taken several times: that is how a bootstrap resamples.
 */

/** Some numbers by sample, as a metric takes them from it. */
export type Contributions = readonly (readonly number[])[];

/** @typeParam Target what the truth about a sample is; of a classification its class */
export interface Metric<Target = number> {
  readonly name: string;
  readonly higherIsBetter: boolean;
  /** Whether it is in 0 … 1, and shown in per cent */
  readonly isShare: boolean;
  /** What one must know to read its interval */
  readonly caution?: string;
  /** What one sample contributes: a number whether it is right, or the counts of its confusion matrix. */
  contribution(prediction: Float32Array, target: Target): readonly number[];
  /** The metric of these samples, at least one. */
  combine(contributions: Contributions): number;
}

/** The share of samples whose largest logit is that of their class. */
export const topAccuracy: Metric = {
  name: 'accuracy',
  higherIsBetter: true,
  isShare: true,
  contribution: (logits, label) => [isRight(logits, label)],
  combine: meanOfFirst,
};

/** The mean over the classes of the share of their samples that are right; classes without samples do not count. */
export const balancedAccuracy: Metric = {
  name: 'balanced accuracy',
  higherIsBetter: true,
  isShare: true,
  caution:
    'The interval lies too high where classes have few samples: a drawing lacks some of these classes.',
  contribution: (logits, label) => [isRight(logits, label), label],
  combine: (contributions) => {
    const byClass = new Map<number, { right: number; all: number }>();
    for (const [right, label] of contributions as readonly [number, number][]) {
      const counts = byClass.get(label) ?? { right: 0, all: 0 };
      counts.right += right;
      counts.all++;
      byClass.set(label, counts);
    }
    const recalls = [...byClass.values()].map(({ right, all }) => right / all);
    return recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length;
  },
};

/** The mean of −log softmax(logits)[label]. */
export const meanCrossEntropy: Metric = {
  name: 'cross-entropy',
  higherIsBetter: false,
  isShare: false,
  contribution: (logits, label) => {
    // The largest is taken out, so that no exponential overflows.
    const largest = Math.max(...logits);
    const sum = logits.reduce((total, logit) => total + Math.exp(logit - largest), 0);
    return [largest + Math.log(sum) - logits[label]!];
  },
  combine: meanOfFirst,
};

/** What a classification is measured by. */
export const classificationMetrics: readonly Metric[] = [
  topAccuracy,
  balancedAccuracy,
  meanCrossEntropy,
];

/**
 * What each sample contributes to a metric.
 *
 * @throws Error when there are no samples, or not as many predictions as labels
 */
export function contributionsOf<Target>(
  metric: Metric<Target>,
  predictions: readonly Float32Array[],
  targets: readonly Target[],
): Contributions {
  if (predictions.length !== targets.length || predictions.length === 0) {
    throw new Error(
      `${metric.name}: ${predictions.length} predictions for ${targets.length} labels`,
    );
  }
  return predictions.map((prediction, sample) => metric.contribution(prediction, targets[sample]!));
}

const isRight = (logits: Float32Array, label: number) =>
  logits.indexOf(Math.max(...logits)) === label ? 1 : 0;

function meanOfFirst(contributions: Contributions): number {
  return contributions.reduce((sum, [value]) => sum + value!, 0) / contributions.length;
}
