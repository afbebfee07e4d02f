/** How well a whole run does, in every scenario and under missing tables. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { SplitName } from '../data/dataset.js';
import { evaluateScenarios } from '../evaluation/evaluate.js';
import { evaluationSchema, type Evaluation } from '../evaluation/evaluation.js';
import { readMissingTable } from '../evaluation/food101Tables.js';
import { paperTables, parseTable, type MissingTable } from '../evaluation/missingTables.js';
import { writeWhole } from '../files/write.js';
import { readJson, readParameters, runState } from '../training/runs.js';
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
}

/**
 * Measures a run with every non-empty set of available modalities, where the data are images and texts with the
 * missing tables of the paper's Table 3, and with others, and leaves the result in its folder.
 *
 * @throws Error when the run is not whole or damaged, or a table cannot be
 */
export async function evaluateRun(
  folder: string,
  { split, seed, resamples, tables, missingFiles = [] }: EvaluateRunOptions,
): Promise<Evaluation> {
  expectMeasurable(folder);
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
    });
    writeWhole(path.join(folder, fileOf(split)), JSON.stringify(evaluation));
    return evaluation;
  } finally {
    disposeModel(model);
  }
}

/** Those of the paper's Table 3, of images and texts; other data have none. */
const tablesOfPaper = ({ kinds }: RunDataset): MissingTable[] => (kinds ? paperTables(kinds) : []);

/** @throws Error when the run has not come to its end, or has learned no task */
export function expectMeasurable(folder: string): void {
  const state = runState(folder);
  if (state !== 'whole') throw new Error(`${folder} is no whole run but ${state}; train it first`);
  if (readRunConfig(folder).method === 'pretraining') {
    throw new Error(`${folder} is pretraining, which has no classes yet; start a run "from" it`);
  }
}

const fileOf = (split: SplitName) => `evaluation-${split}.json`;

/**
 * What `evaluateRun` left in the folder of a run.
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
