/**
 * What a predicted sentiment is measured by, in −3 … 3: the metrics that MMSA (Yu et al. 2021) reports of a
 * regression on CMU-MOSI. It rounds them to four digits and takes the mean absolute error in single precision;
 * here they are as they are, in double precision. Three classes are not among them.
 *
 * Where a metric is not defined it is 0, so that it can be resampled: of samples none of which counts, which
 * scikit-learn refuses, and a correlation with a constant, of which numpy has NaN or what rounding leaves.
 */
import type { Places } from './bootstrap.js';
import { roundToEven } from '../data/rounding.js';
import { meanOf, type Columns, type SampleMetric } from './metrics.js';

/** A way to tell positive from negative sentiments. */
interface Polarity {
  readonly name: string;
  isPositive(sentiment: number): boolean;
  /** Whether a sample of this label counts */
  counts(label: number): boolean;
}

const non0: Polarity = { name: 'Non0', isPositive: (x) => x > 0, counts: (label) => label !== 0 };
const has0: Polarity = { name: 'Has0', isPositive: (x) => x >= 0, counts: () => true };

/** Of a sample that counts, 1, whether it is positive and whether it is predicted to be; of others 0, 0, 0. */
const polarise =
  (polarity: Polarity): SampleMetric['contribution'] =>
  (prediction, label) => {
    const predicted = Number(polarity.isPositive(sentimentOf(prediction)));
    return polarity.counts(label) ? [1, Number(polarity.isPositive(label)), predicted] : [0, 0, 0];
  };

/** The share of samples that are told to be positive or negative as they are. */
const polarAccuracy = (polarity: Polarity): SampleMetric => ({
  name: `${polarity.name} accuracy`,
  higherIsBetter: true,
  isShare: true,
  contribution: polarise(polarity),
  combine: (columns, samples) => {
    const { counted, positive, predicted, both } = confusion(columns, samples);
    return ratio(counted - positive - predicted + 2 * both, counted);
  },
});

/**
 * F1 = 2·TP / (2·TP + FP + FN) of the positive and of the negative samples, weighted by how many of each there
 * are: scikit-learn's `average='weighted'`. F1 of a class that is neither there nor predicted has no weight.
 */
const polarF1 = (polarity: Polarity): SampleMetric => ({
  name: `${polarity.name} F1`,
  higherIsBetter: true,
  isShare: true,
  contribution: polarise(polarity),
  combine: (columns, samples) => {
    const { counted, positive, predicted, both } = confusion(columns, samples);
    const neither = counted - positive - predicted + both;
    const [negative, predictedNegative] = [counted - positive, counted - predicted];
    const ofPositive = ratio(2 * both, positive + predicted);
    const ofNegative = ratio(2 * neither, negative + predictedNegative);
    return ratio(positive * ofPositive + negative * ofNegative, counted);
  },
});

/** How many samples count, are positive, are predicted to be, and both. */
function confusion([counts, positive, predicted]: Columns, samples: Iterable<number>) {
  const sums = { counted: 0, positive: 0, predicted: 0, both: 0 };
  for (const sample of samples) {
    sums.counted += counts![sample]!;
    sums.positive += positive![sample]!;
    sums.predicted += predicted![sample]!;
    sums.both += positive![sample]! * predicted![sample]!;
  }
  return sums;
}

/** What there is of a whole; of nothing 0. */
const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole);

export const non0Accuracy = polarAccuracy(non0);
export const non0F1 = polarF1(non0);
export const has0Accuracy = polarAccuracy(has0);
export const has0F1 = polarF1(has0);

/** The share of samples whose sentiment, held within ±limit, is rounded to the same whole number as the label. */
const roundedAccuracy = (limit: number): SampleMetric => {
  const classOf = (sentiment: number) => roundToEven(Math.min(limit, Math.max(-limit, sentiment)));
  return {
    name: `Acc-${2 * limit + 1}`,
    higherIsBetter: true,
    isShare: true,
    contribution: (prediction, label) => [
      Number(classOf(sentimentOf(prediction)) === classOf(label)),
    ],
    combine: ([right], samples) => meanOf(right!, samples),
  };
};

export const acc7 = roundedAccuracy(3);
export const acc5 = roundedAccuracy(2);

/** The mean of |predicted − true|. */
export const meanAbsoluteError: SampleMetric = {
  name: 'mean absolute error',
  higherIsBetter: false,
  isShare: false,
  contribution: (prediction, label) => [Math.abs(sentimentOf(prediction) - label)],
  combine: ([error], samples) => meanOf(error!, samples),
};

/** Pearson's correlation between predicted and true, in −1 … 1; 0 where either is a constant. */
export const correlation: SampleMetric = {
  name: 'correlation',
  higherIsBetter: true,
  isShare: false,
  contribution: (prediction, label) => [sentimentOf(prediction), label],
  combine: ([predicted, label], samples) => {
    if (isConstant(predicted!, samples) || isConstant(label!, samples)) return 0;
    const [meanPredicted, meanLabel] = [meanOf(predicted!, samples), meanOf(label!, samples)];
    let [together, ofPredicted, ofLabel] = [0, 0, 0];
    for (const sample of samples) {
      const [x, y] = [predicted![sample]! - meanPredicted, label![sample]! - meanLabel];
      together += x * y;
      ofPredicted += x * x;
      ofLabel += y * y;
    }
    const r = together / Math.sqrt(ofPredicted) / Math.sqrt(ofLabel);
    return Math.min(1, Math.max(-1, r));
  },
};

/** Said by the values themselves: deviations from a rounded mean need not be 0. */
function isConstant(values: Float64Array, samples: Places): boolean {
  const first = values[samples[0]!];
  for (const sample of samples) if (values[sample] !== first) return false;
  return true;
}

/** All of them, the one that the paper's Table 4 has first. */
export const sentimentMetrics: readonly [SampleMetric, ...SampleMetric[]] = [
  non0Accuracy,
  non0F1,
  has0Accuracy,
  has0F1,
  acc7,
  acc5,
  meanAbsoluteError,
  correlation,
];

/** @throws Error when the prediction is not one number */
function sentimentOf(prediction: Float32Array): number {
  const [sentiment] = prediction;
  if (prediction.length === 1 && Number.isFinite(sentiment)) return sentiment!;
  throw new Error(
    `sentiment metrics: expected one finite number a sample, got [${prediction.join(', ')}]`,
  );
}
