/** How well a whole run does, in every scenario and under missing tables. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { SplitName } from '../data/dataset.js';
import { evaluateScenarios } from '../evaluation/evaluate.js';
import { evaluationSchema, type Evaluation } from '../evaluation/evaluation.js';
import { readMissingTable } from '../evaluation/food101Tables.js';
import { paperTables, parseTable, type MissingTable } from '../evaluation/missingTables.js';
import type { MultiScale } from '../evaluation/multiScale.js';
import { writeWhole } from '../files/write.js';
import { readJson, readParameters, runState } from '../training/runs.js';
import { taskOfRun, type RunConfig } from './config.js';
import { disposeModel, loadData, loadModel, predictorOf, type RunDataset } from './model.js';
import { readRunConfig } from './trainRun.js';

export interface EvaluateRunOptions {
  readonly split: SplitName;
  /** Decides which samples lack what, and the draws of the intervals */
  readonly seed: number;
  readonly resamples: number;
  /** Missing tables besides those of the paper's Table 3, which data of images and texts have, such as `words=0.35,openmoji=0.1` */
  readonly tables: readonly string[];
  /** Missing tables of Lee et al. for this split, converted to safetensors */
  readonly missingFiles?: readonly string[];
  /** Of segmentations: at which sizes pixels are classified; by default once, in the images as they are */
  readonly multiScale?: MultiScale;
}

/**
 * Measures a run with every non-empty set of available modalities, where the data are images and texts with the
 * missing tables of the paper's Table 3, and with others, and leaves the result in its folder: at several sizes beside
 * the one that `readEvaluation` reads.
 *
 * @throws Error when the run is not whole or damaged, or a table or the sizes cannot be
 */
export async function evaluateRun(
  folder: string,
  { split, seed, resamples, tables, missingFiles = [], multiScale }: EvaluateRunOptions,
): Promise<Evaluation> {
  expectMeasurable(folder, multiScale);
  const config = readRunConfig(folder);
  const dataset = loadData(config);
  const { modalities, splits } = dataset;
  const own = tables.map((text) => parseTable(text, modalities));
  const given = missingFiles.map((file) =>
    readMissingTable(file, splits[split].length, modalities),
  );
  const model = loadModel(config, dataset, readParameters(folder));
  try {
    const evaluation = await evaluateScenarios(predictorOf(model, dataset), dataset, {
      split,
      seed,
      resamples,
      tables: [...tablesOfPaper(dataset), ...own, ...given],
      multiScale,
    });
    writeWhole(path.join(folder, fileOf(split, multiScale)), JSON.stringify(evaluation));
    return evaluation;
  } finally {
    disposeModel(model);
  }
}

/** Those of the paper's Table 3, of images and texts; other data have none. */
const tablesOfPaper = ({ kinds }: RunDataset): MissingTable[] => (kinds ? paperTables(kinds) : []);

/** @throws Error when the run has not come to its end, has learned no task, or cannot be measured at these sizes */
export function expectMeasurable(folder: string, multiScale?: MultiScale): void {
  const state = runState(folder);
  if (state !== 'whole') throw new Error(`${folder} is no whole run but ${state}; train it first`);
  const config = readRunConfig(folder);
  if (config.method === 'pretraining') {
    throw new Error(`${folder} is pretraining, which has no classes yet; start a run "from" it`);
  }
  if (multiScale) expectScalable(folder, config, multiScale);
}

function expectScalable(folder: string, config: RunConfig, { scales }: MultiScale): void {
  const task = taskOfRun(config);
  if (task !== 'segmentation') {
    throw new Error(`${folder} is a ${task}; --scales and --flip are for segmentation alone`);
  }
  if (config.mmp?.refine === 'aggregated' && scales.some((scale) => scale !== 1)) {
    throw new Error(
      `${folder} projects as many tokens as in training, by mmp.refine "aggregated"; --scales can be 1 alone`,
    );
  }
}

const fileOf = (split: SplitName, multiScale?: MultiScale) =>
  `evaluation-${[split, ...(multiScale ? [multiScaleMark(multiScale)] : [])].join('-')}.json`;

/** What names of files say of sizes: scales-0.5-1-flip */
export const multiScaleMark = ({ scales, flip }: MultiScale): string =>
  ['scales', ...scales, ...(flip ? ['flip'] : [])].join('-');

/**
 * What `evaluateRun` left in the folder of a run, measured in images as they are.
 *
 * @throws Error when the run was not evaluated on this split, or the file is damaged
 */
export function readEvaluation(folder: string, split: SplitName): Evaluation {
  const file = fileOf(split);
  if (!existsSync(path.join(folder, file))) {
    throw new Error(`${folder} has no ${file}; run "mmp evaluate" first`);
  }
  const { data, error } = evaluationSchema.safeParse(readJson(folder, file));
  if (data) return data;
  throw new Error(`${folder}: ${file} is damaged: ${z.prettifyError(error)}`);
}
