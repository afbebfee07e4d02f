/** What is known of the scenes of a data set: how frequent classes are, and what each modality says of them. */
import { ignoredLabel } from '../dataset.js';
import { sceneClasses } from './classes.js';
import { classInformation, guessed, observations } from './information.js';
import { sceneModalities, type SceneModality } from './render.js';
import type { SceneDataset } from './scenes.js';

export interface StatisticsOptions {
  /** From how many training scenes the simple models learn; 200 by default */
  readonly training?: number;
  /** On how many test scenes they are measured; 100 by default */
  readonly testing?: number;
}

export interface SceneStatistics {
  /** The share of training pixels by class */
  readonly shares: Readonly<Record<string, number>>;
  /** The share of training pixels without a class */
  readonly ignored: number;
  /** How well a mixture of Gaussians recognises classes, by what is available */
  readonly recognised: readonly Recognised[];
  /** Which single modality recognises a class best, by its intersection over union */
  readonly best: Readonly<Record<string, SceneModality>>;
  /** R² of each modality, guessed from the other three by least squares */
  readonly guessed: Readonly<Record<string, number>>;
}

export interface Recognised {
  readonly available: readonly SceneModality[];
  readonly balancedAccuracy: number;
  /** With as many pixels of every class */
  readonly iou: Readonly<Record<string, number>>;
}

/** Statistics of all modalities, whichever the data set gives; of 300 scenes in some ten seconds. */
export function sceneStatistics(
  dataset: SceneDataset,
  { training = 200, testing = 100 }: StatisticsOptions = {},
): SceneStatistics {
  const trained = dataset.splits.train.slice(0, training);
  const seen = observations(dataset, trained);
  const unseen = observations(dataset, dataset.splits.test.slice(0, testing));
  const recognised = subsets(sceneModalities).map((available): Recognised => {
    const { balancedAccuracy, iou } = classInformation(seen, unseen, available);
    return { available, balancedAccuracy, iou: byClass((label) => iou[label]!) };
  });
  const alone = recognised.filter(({ available }) => available.length === 1);
  return {
    ...classShares(dataset, trained),
    recognised,
    best: Object.fromEntries(
      sceneClasses.map((name) => {
        const first = alone.reduce((one, other) =>
          other.iou[name]! > one.iou[name]! ? other : one,
        );
        return [name, first.available[0]!];
      }),
    ),
    guessed: Object.fromEntries(
      sceneModalities.map((missing) => {
        const others = sceneModalities.filter((name) => name !== missing);
        return [missing, guessed(seen, unseen, missing, others)];
      }),
    ),
  };
}

/** The share of pixels of each class, and of those without one. */
export function classShares(
  dataset: SceneDataset,
  samples: readonly number[],
): Pick<SceneStatistics, 'shares' | 'ignored'> {
  const counts = new Float64Array(256);
  for (const sample of samples) {
    for (const label of dataset.picturesOf(sample).labels) counts[label]!++;
  }
  const pixels = samples.length * dataset.shape.height * dataset.shape.width;
  return {
    shares: byClass((label) => counts[label]! / pixels),
    ignored: counts[ignoredLabel]! / pixels,
  };
}

const byClass = (value: (label: number) => number): Record<string, number> =>
  Object.fromEntries(sceneClasses.map((name, label) => [name, value(label)]));

/** All but the empty one, those with fewer members first. */
function subsets<T>(items: readonly T[]): T[][] {
  return Array.from({ length: 2 ** items.length - 1 }, (_, index) =>
    items.filter((_item, place) => ((index + 1) >> place) & 1),
  ).sort((one, other) => one.length - other.length);
}
