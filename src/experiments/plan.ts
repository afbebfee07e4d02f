/** What a run would take, from a few of its steps. */
import path from 'node:path';
import Table from 'cli-table3';
import { mean } from 'simple-statistics';
import type { Dataset } from '../data/dataset.js';
import { checkMosi } from '../data/mosi/check.js';
import { accuracyByScenario } from '../evaluation/accuracy.js';
import { allScenarios } from '../evaluation/scenarios.js';
import { checkWritable } from '../files/folders.js';
import { inProject } from '../files/paths.js';
import { duration } from '../notebook/progress.js';
import { peakBytes } from '../tensor/peak.js';
import { tf } from '../tensor/tf.js';
import { updateParameters } from '../training/update.js';
import type { RunConfig } from './config.js';
import { partsOf, predictorOf } from './model.js';
import { checkFood101Files, food101Lines } from './food101.js';
import { mosiLines } from './sentiment.js';
import { expectStartable, newTraining, type TrainRunOptions } from './trainRun.js';
import { trainedOf, updateOptions } from './training.js';

export interface Plan {
  readonly folder: string;
  /** What a look at the files of the data set found, where they are not part of an install */
  readonly files: readonly [string, string][];
  /** How many numbers each part of the model has, and how many of them are trained */
  readonly parameters: readonly { part: string; count: number; trained: number }[];
  readonly steps: number;
  readonly epochs: number;
  /** The mean of so many steps */
  readonly stepSeconds: number;
  readonly timedSteps: number;
  /** What reading the data of a step takes, which is within a step as far as nothing hides it */
  readonly fetchSeconds?: number;
  /** Of all steps and validations, and of measuring in every scenario */
  readonly trainingSeconds: number;
  readonly evaluationSeconds: number;
  /** Held by the backend between steps, and at most within one */
  readonly heldBytes: number;
  readonly peakBytes: number;
  /** Of the checkpoints that are kept, and one that is being written */
  readonly diskBytes: number;
}

/** How many steps are timed, after as many untimed ones: at most so many, and no further one after so long. */
const enough = { steps: 5, seconds: 60 };

/** Batches of an update that is timed: each further one takes as long, and no more memory. */
const timedBatches = 2;

/**
 * Checks everything that can be known before, and takes a few steps to see what they cost. Nothing is written.
 *
 * @throws Error as `trainRun` would
 */
export async function planOf(config: RunConfig, options: TrainRunOptions): Promise<Plan> {
  expectStartable(config, options);
  checkWritable(options.runs);
  const files = await filesOf(config);
  const { steps, batchSize, keepCheckpoints, validateEvery, validateOn } = config.budget;
  const update = updateOptions(config);
  const batches = update.accumulation?.batches ?? 1;
  const timed = Math.min(batches, timedBatches);
  const before = tf.memory().numBytes;
  const training = newTraining(config, options.runs);
  const { dataset } = training;
  try {
    const { validation, test, train } = dataset.splits;
    const fetchSeconds = await secondsToFetch(dataset, train.slice(0, batchSize));
    const step = async () => {
      await training.ready(timed);
      const losses = updateParameters({
        ...update,
        accumulation: { ...update.accumulation, batches: timed },
        optimiser: training.optimiser,
        learningRate: 0,
        losses: () => training.losses(),
      });
      await losses.total.data();
      tf.dispose(losses);
    };
    await timesOf(step);
    const times = await timesOf(step);
    const stepSeconds = (mean(times) * batches) / timed;
    const heldBytes = tf.memory().numBytes - before;
    const bytesOfStep = await peakBytes(step);

    const samples = validation.slice(0, dataset.largestBatch ?? 64);
    const scenarios = allScenarios(dataset.modalities);
    const evaluate = () =>
      accuracyByScenario(
        predictorOf(training.model, dataset),
        dataset,
        samples,
        scenarios.slice(0, 1),
      );
    const sampleSeconds = (await secondsOf(evaluate)) / samples.length;
    const validations = validateEvery === undefined ? 0 : Math.ceil(steps / validateEvery);
    const validated =
      validations * validation.length * (validateOn === 'all' ? scenarios.length : 1);
    const evaluated = (validation.length + test.length) * scenarios.length;
    const { tensors } = await training.state(0);
    const stateBytes = [...tensors.values()].reduce(
      (sum, { values }) => sum + values.byteLength,
      0,
    );
    return {
      folder: path.join(options.runs, options.name),
      files,
      parameters: partsOf(training.model).map(([part, own]) => ({
        part,
        count: own.count,
        trained: part === 'base' ? own.countOf(trainedOf(config, training.model)) : own.count,
      })),
      steps,
      epochs: (steps * batches * batchSize) / train.length,
      stepSeconds,
      timedSteps: times.length,
      ...(dataset.fetch ? { fetchSeconds: fetchSeconds * batches } : {}),
      trainingSeconds: steps * stepSeconds + validated * sampleSeconds,
      evaluationSeconds: sampleSeconds * evaluated,
      heldBytes,
      peakBytes: heldBytes + bytesOfStep,
      diskBytes: (keepCheckpoints + 1) * stateBytes,
    };
  } finally {
    training.dispose();
  }
}

/** What a look at the files finds. */
async function filesOf(config: RunConfig): Promise<[string, string][]> {
  const { data } = config;
  if (data.name === 'food101') return food101Lines(await checkFood101Files(data, config));
  return data.name === 'mosi' ? mosiLines(checkMosi(inProject(data.file), data.layout)) : [];
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** How long each of several steps takes. */
async function timesOf(step: () => Promise<void>): Promise<number[]> {
  const times: number[] = [];
  const start = performance.now();
  do times.push(await secondsOf(step));
  while (times.length < enough.steps && performance.now() - start < 1000 * enough.seconds);
  return times;
}

/** How long it takes to read samples, once what reads them has been started. */
async function secondsToFetch(dataset: Dataset, samples: readonly number[]): Promise<number> {
  const fetch = async () => {
    await dataset.fetch?.(samples);
    dataset.forget?.(samples);
  };
  await fetch();
  return secondsOf(fetch);
}

/** A plan as people read it. */
export function planText(plan: Plan): string {
  const table = new Table({ style: { head: [], border: [] } });
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const milliseconds = (seconds: number) => `${(1000 * seconds).toFixed(1)} ms`;
  const parameters = plan.parameters.map(
    ({ part, count, trained }) =>
      `${part}: ${count.toLocaleString('en')}${trained === count ? '' : `, ${trainedText(trained)}`}`,
  );
  table.push(
    ['folder', plan.folder],
    ...plan.files,
    ['parameters', parameters.join('\n')],
    ['steps', `${plan.steps}, ${plan.epochs.toFixed(1)} epochs`],
    ['a step', `${milliseconds(plan.stepSeconds)}, the mean of ${plan.timedSteps}`],
    ...(plan.fetchSeconds === undefined ? [] : [readingRow(milliseconds(plan.fetchSeconds))]),
    ['training', `about ${duration(plan.trainingSeconds)}`],
    ['evaluation', `about ${duration(plan.evaluationSeconds)}`],
    [
      'tensors',
      `${megabytes(plan.heldBytes)} held, ${megabytes(plan.peakBytes)} at most in a step`,
    ],
    ['checkpoints', `${megabytes(plan.diskBytes)} on the disk`],
  );
  return table.toString();
}

const readingRow = (time: string): [string, string] => [
  'reading',
  `${time} a step, by threads: it is part of a step where they fall behind`,
];

const trainedText = (trained: number) =>
  trained === 0 ? 'frozen' : `frozen but for ${trained.toLocaleString('en')}`;
