/**
 * What a segmentation is measured by, of the confusion of all pixels of a set of images: of each class c
 *
 *   right(c)      pixels of c that are answered with c
 *   true(c)       pixels of c
 *   answered(c)   pixels that are answered with c
 *
 * Pixels without a class count nowhere. In the convention of DELIVER, and so of the paper, a class that is neither
 * there nor answered counts as 0 in a mean over classes; the mean of the others alone stands beside it.
 */
import { ignoredLabel } from '../data/dataset.js';
import { sumOf, type ClassMap, type Columns, type Metric } from './metrics.js';
import type { Places } from './bootstrap.js';

/** Of images of which every pixel has a label */
type PixelMetric = Metric<Int32Array, ClassMap>;

/** right, true and answered of a class */
type Counts = readonly [right: number, actual: number, answered: number];

/** The numbers of one image: right of every class, then true of every class, then answered of every class. */
function confusion({ pixels, classes }: ClassMap, target: Int32Array): number[] {
  if (pixels.length !== target.length) {
    throw new Error(`segmentation: ${pixels.length} pixels for ${target.length} labels`);
  }
  const counts = new Array<number>(3 * classes).fill(0);
  target.forEach((label, place) => {
    if (label === ignoredLabel) return;
    if (!(label >= 0 && label < classes)) {
      throw new Error(`segmentation: label ${label} is none of ${classes} classes`);
    }
    const answer = pixels[place]!;
    if (answer === label) counts[label]!++;
    counts[classes + label]!++;
    counts[2 * classes + answer]!++;
  });
  return counts;
}

/** A metric that is the mean over classes of a quotient of their counts, NaN where a class has nothing of it. */
const meanOverClasses = (
  name: string,
  quotient: (...counts: Counts) => number,
  mean: (values: readonly number[]) => number,
): PixelMetric => ({
  name,
  higherIsBetter: true,
  isShare: true,
  contribution: confusion,
  combine: (columns, samples) => mean(byClass(columns, samples, quotient)),
});

function byClass(
  columns: Columns,
  samples: Places,
  quotient: (...counts: Counts) => number,
): number[] {
  const sums = columns.map((column) => sumOf(column, samples));
  const classes = sums.length / 3;
  return Array.from({ length: classes }, (_, own) =>
    quotient(sums[own]!, sums[classes + own]!, sums[2 * classes + own]!),
  );
}

const average = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of all classes; what is NaN counts as 0 */
const overAll = (values: readonly number[]) => average(values.map((value) => value || 0));

/** Of classes that are there or answered */
const overPresent = (values: readonly number[]) =>
  average(values.filter((value) => !Number.isNaN(value)));

/** |right| / |true ∪ answered| */
const intersectionOverUnion = (right: number, actual: number, answered: number) =>
  right / (actual + answered - right);

/** Mean intersection over union, in the reference's convention */
export const meanIou = meanOverClasses('mIoU', intersectionOverUnion, overAll);

export const meanIouOfPresent = meanOverClasses(
  'mIoU of present classes',
  intersectionOverUnion,
  overPresent,
);

export const meanF1 = meanOverClasses(
  'mF1',
  (right, actual, answered) => (2 * right) / (actual + answered),
  overAll,
);

export const meanAccuracy = meanOverClasses('mAcc', (right, actual) => right / actual, overAll);

/** The share of pixels that are right */
export const pixelAccuracy: PixelMetric = {
  name: 'pixel accuracy',
  higherIsBetter: true,
  isShare: true,
  contribution: confusion,
  combine: (columns, samples) => {
    const classes = columns.length / 3;
    const total = (from: number) =>
      columns.slice(from, from + classes).reduce((sum, column) => sum + sumOf(column, samples), 0);
    return total(0) / total(classes);
  },
};

export const segmentationMetrics: readonly [PixelMetric, ...PixelMetric[]] = [
  meanIou,
  meanIouOfPresent,
  meanF1,
  meanAccuracy,
  pixelAccuracy,
];

/** The intersection over union of each class, NaN of one that is neither there nor answered. */
export function iouByClass(
  predictions: readonly ClassMap[],
  targets: readonly Int32Array[],
): number[] {
  const all = predictions.map((prediction, sample) => confusion(prediction, targets[sample]!));
  const columns = (all[0] ?? []).map((_, column) => Float64Array.from(all, (own) => own[column]!));
  return byClass(columns, Int32Array.from(all.keys()), intersectionOverUnion);
}
