/**
 * How much each modality says of the classes and of the other modalities, measured by models that are far simpler
 * than networks and see 3 × 3 pixels:
 *
 * - a class is a mixture of one Gaussian for each time of day, each class as likely as any other; the answer is the
 *   class with the greatest density;
 * - a modality is guessed from the others by least squares of their features and the squares of these.
 */
import { cholesky, solve, solveLower, type Matrix } from './cholesky.js';
import { sceneClasses } from './classes.js';
import { ignoredLabel } from '../dataset.js';
import { featuresAt } from './features.js';
import { sceneModalities, type SceneModality } from './render.js';
import type { SceneDataset } from './scenes.js';
import { times } from './weather.js';

/** A pixel as the models see it. */
interface Observation {
  readonly label: number;
  /** The time of day, an index into `times` */
  readonly time: number;
  readonly features: readonly number[];
}

/** Every so many pixels in both directions are looked at */
const stride = 3;

/** The pixels of scenes that have a class, in all modalities. */
export function observations(dataset: SceneDataset, samples: readonly number[]): Observation[] {
  const { height, width } = dataset.shape;
  const found: Observation[] = [];
  for (const sample of samples) {
    const scene = dataset.picturesOf(sample);
    const time = times.indexOf(dataset.sceneOf(sample).weather.time);
    for (let row = 1 + (sample % stride); row < height - 1; row += stride) {
      for (let column = 1 + (sample % stride); column < width - 1; column += stride) {
        const label = scene.labels[row * width + column]!;
        if (label === ignoredLabel) continue;
        found.push({ label, time, features: featuresAt(scene, sceneModalities, row, column) });
      }
    }
  }
  return found;
}

/** Where the features of each modality are. */
const places: Readonly<Record<SceneModality, readonly number[]>> = {
  rgb: [0, 1, 2, 3],
  depth: [4, 5, 6, 7],
  thermal: [8, 9],
  polarisation: [10, 11, 12],
};

/** The one that stands for a modality when it is guessed: green, nearness, heat, degree */
const representative: Readonly<Record<SceneModality, number>> = {
  rgb: 1,
  depth: 4,
  thermal: 8,
  polarisation: 10,
};

interface Gaussian {
  readonly mean: readonly number[];
  readonly lower: Matrix;
  /** The logarithm of its share in the class, less that of the determinant's root */
  readonly offset: number;
}

/** What keeps a class that never varies in a feature from being certain, as a variance of bytes */
const leastVariance = 0.5;

function gaussianOf(rows: readonly (readonly number[])[], share: number): Gaussian {
  const size = rows[0]!.length;
  const mean = Array.from({ length: size }, (_, at) => average(rows.map((row) => row[at]!)));
  const covariance = mean.map((centre, i) =>
    mean.slice(0, i + 1).map((other, j) => {
      let sum = i === j ? leastVariance * rows.length : 0;
      for (const row of rows) sum += (row[i]! - centre) * (row[j]! - other);
      return sum / rows.length;
    }),
  );
  const lower = cholesky(covariance);
  const root = lower.reduce((sum, row, at) => sum + Math.log(row[at]!), 0);
  return { mean, lower, offset: Math.log(share) - root };
}

const average = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const picked = (features: readonly number[], at: readonly number[]) =>
  at.map((index) => features[index]!);

export interface ClassInformation {
  /** The mean over classes of the share that is recognised */
  readonly balancedAccuracy: number;
  /** Intersection over union of each class, in `sceneClasses`' order, with as many pixels of every class */
  readonly iou: readonly number[];
}

/** How well classes are recognised by some modalities. */
export function classInformation(
  training: readonly Observation[],
  testing: readonly Observation[],
  modalities: readonly SceneModality[],
): ClassInformation {
  const at = modalities.flatMap((name) => places[name]);
  const models = sceneClasses.map((_, label) => {
    const own = training.filter((each) => each.label === label);
    return times.flatMap((_time, time) => {
      const rows = own.filter((each) => each.time === time);
      // A covariance needs more rows than it has.
      if (rows.length <= 2 * at.length) return [];
      return [
        gaussianOf(
          rows.map(({ features }) => picked(features, at)),
          rows.length / own.length,
        ),
      ];
    });
  });
  const count = sceneClasses.length;
  const confusion = sceneClasses.map(() => new Float64Array(count));
  for (const { label, features } of testing) {
    const row = picked(features, at);
    const densities = models.map((gaussians) =>
      Math.max(...gaussians.map((each) => logDensity(each, row))),
    );
    confusion[label]![densities.indexOf(Math.max(...densities))]!++;
  }
  const shares = confusion.map((row) => {
    const sum = row.reduce((total, value) => total + value, 0);
    return row.map((value) => (sum > 0 ? value / sum : 0));
  });
  return {
    balancedAccuracy: average(shares.map((row, label) => row[label]!)),
    iou: shares.map((row, label) => {
      const answered = shares.reduce((sum, other) => sum + other[label]!, 0);
      return row[label]! / (1 + answered - row[label]!);
    }),
  };
}

function logDensity({ mean, lower, offset }: Gaussian, row: readonly number[]): number {
  const whitened = solveLower(
    lower,
    row.map((value, at) => value - mean[at]!),
  );
  return offset - whitened.reduce((sum, value) => sum + value * value, 0) / 2;
}

/** R² of a modality that is guessed from others: 1 is certainty, 0 is no better than the mean. */
export function guessed(
  training: readonly Observation[],
  testing: readonly Observation[],
  missing: SceneModality,
  available: readonly SceneModality[],
): number {
  const at = available.flatMap((name) => places[name]);
  const centre = at.map((index) => average(training.map(({ features }) => features[index]!)));
  const spread = at.map((index, place) =>
    Math.sqrt(average(training.map(({ features }) => (features[index]! - centre[place]!) ** 2))),
  );
  const expand = ({ features }: Observation) => {
    const linear = at.map((index, place) => (features[index]! - centre[place]!) / spread[place]!);
    return [1, ...linear, ...linear.map((value) => value * value)];
  };
  const target = representative[missing];
  const size = 1 + 2 * at.length;
  const normal = Array.from({ length: size }, (_, i) => new Array<number>(i + 1).fill(0));
  const right = new Array<number>(size).fill(0);
  for (const each of training) {
    const row = expand(each);
    for (let i = 0; i < size; i++) {
      right[i]! += row[i]! * each.features[target]!;
      for (let j = 0; j <= i; j++) normal[i]![j]! += row[i]! * row[j]!;
    }
  }
  normal.forEach((row, i) => (row[i]! += 1e-3 * training.length));
  const weights = solve(cholesky(normal), right);
  const truth = testing.map(({ features }) => features[target]!);
  const middle = average(truth);
  const errors = testing.map((each, index) => {
    const guess = expand(each).reduce((sum, value, i) => sum + value * weights[i]!, 0);
    return (guess - truth[index]!) ** 2;
  });
  return 1 - average(errors) / average(truth.map((value) => (value - middle) ** 2));
}
