/** How well a whole run does, in every scenario and under missing tables. */
import path from 'node:path';
import type { SplitName } from '../data/dataset.js';
import { evaluateScenarios } from '../evaluation/evaluate.js';
import type { Evaluation } from '../evaluation/evaluation.js';
import { paperTables, parseTable } from '../evaluation/missingTables.js';
import { writeWhole } from '../files/write.js';
import { readParameters, runState } from '../training/runs.js';
import { disposeModel, loadData, loadModel, predictorOf } from './model.js';
import { readRunConfig } from './trainRun.js';

export interface EvaluateRunOptions {
  readonly split: SplitName;
  /** Decides which samples lack what, and the draws of the intervals */
  readonly seed: number;
  readonly resamples: number;
  /** Missing tables besides those of the paper's Table 3, such as `words=0.35,openmoji=0.1` */
  readonly tables: readonly string[];
}

/**
 * Measures a run with every non-empty set of available modalities, with the missing tables of the paper's
 * Table 3 and with others, and leaves the result in its folder.
 *
 * @throws Error when the run is not whole or damaged, or a table cannot be
 */
export async function evaluateRun(
  folder: string,
  { split, seed, resamples, tables }: EvaluateRunOptions,
): Promise<Evaluation> {
  expectWhole(folder);
  const config = readRunConfig(folder);
  const dataset = loadData(config);
  const own = tables.map((text) => parseTable(text, dataset.modalities));
  const model = loadModel(config, dataset, readParameters(folder));
  try {
    const evaluation = await evaluateScenarios(predictorOf(model), dataset, {
      split,
      seed,
      resamples,
      tables: [...paperTables(dataset.kinds), ...own],
    });
    writeWhole(path.join(folder, `evaluation-${split}.json`), JSON.stringify(evaluation));
    return evaluation;
  } finally {
    disposeModel(model);
  }
}

/** @throws Error when the run has not come to its end */
export function expectWhole(folder: string): void {
  const state = runState(folder);
  if (state !== 'whole') throw new Error(`${folder} is no whole run but ${state}; train it first`);
}
