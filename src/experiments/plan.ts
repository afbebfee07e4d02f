/** What a run would take, from a few of its steps. */
import path from 'node:path';
import Table from 'cli-table3';
import { predictLogits } from '../evaluation/accuracy.js';
import { allScenarios } from '../evaluation/scenarios.js';
import { checkWritable } from '../files/folders.js';
import { duration } from '../notebook/progress.js';
import { tf } from '../tensor/tf.js';
import { updateParameters } from '../training/update.js';
import type { RunConfig } from './config.js';
import { partsOf, predictorOf } from './model.js';
import { expectStartable, newTraining, type TrainRunOptions } from './trainRun.js';
import { trainedOf, updateOptions } from './training.js';

export interface Plan {
  readonly folder: string;
  /** How many numbers each part of the model has, and how many of them are trained */
  readonly parameters: readonly { part: string; count: number; trained: number }[];
  readonly steps: number;
  readonly epochs: number;
  readonly stepSeconds: number;
  /** Of all steps, and of measuring in every scenario */
  readonly trainingSeconds: number;
  readonly evaluationSeconds: number;
  /** Held by the backend between steps, and at most within one */
  readonly heldBytes: number;
  readonly peakBytes: number;
  /** Of the checkpoints that are kept, and one that is being written */
  readonly diskBytes: number;
}

/** Steps that are timed, after as many untimed ones. */
const timedSteps = 5;

/**
 * Checks everything that can be known before, and takes a few steps to see what they cost. Nothing is written.
 *
 * @throws Error as `trainRun` would
 */
export async function planOf(config: RunConfig, options: TrainRunOptions): Promise<Plan> {
  expectStartable(config, options);
  checkWritable(options.runs);
  const { steps, batchSize, keepCheckpoints } = config.budget;
  const batches = config.optimiser.accumulation?.batches ?? 1;
  const before = tf.memory().numBytes;
  const training = newTraining(config, options.runs);
  const { dataset } = training;
  try {
    const step = async () => {
      await training.ready(batches);
      const losses = updateParameters({
        ...updateOptions(config),
        optimiser: training.optimiser,
        learningRate: 0,
        losses: () => training.losses(),
      });
      await losses.total.data();
      tf.dispose(losses);
    };
    for (let warm = 0; warm < timedSteps; warm++) await step();
    const stepSeconds = (await secondsOf(timedSteps, step)) / timedSteps;
    const { peakBytes } = await tf.profile(async () => {
      await step();
      return [];
    });

    const { validation, test, train } = dataset.splits;
    const samples = validation.slice(0, 64);
    const evaluate = () =>
      predictLogits(predictorOf(training.model, dataset), dataset, samples, []);
    const evaluated = (validation.length + test.length) * allScenarios(dataset.modalities).length;
    const batchSeconds = await secondsOf(1, evaluate);
    const { tensors } = await training.state(0);
    const stateBytes = [...tensors.values()].reduce(
      (sum, { values }) => sum + values.byteLength,
      0,
    );
    return {
      folder: path.join(options.runs, options.name),
      parameters: partsOf(training.model).map(([part, own]) => ({
        part,
        count: own.count,
        trained: part === 'base' ? own.countOf(trainedOf(config, training.model)) : own.count,
      })),
      steps,
      epochs: (steps * batches * batchSize) / train.length,
      stepSeconds,
      trainingSeconds: steps * stepSeconds,
      evaluationSeconds: (batchSeconds / samples.length) * evaluated,
      heldBytes: tf.memory().numBytes - before,
      peakBytes: peakBytes - before,
      diskBytes: (keepCheckpoints + 1) * stateBytes,
    };
  } finally {
    training.dispose();
  }
}

async function secondsOf(times: number, work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  for (let time = 0; time < times; time++) await work();
  return (performance.now() - start) / 1000;
}

/** A plan as people read it. */
export function planText(plan: Plan): string {
  const table = new Table({ style: { head: [], border: [] } });
  const megabytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  const parameters = plan.parameters.map(
    ({ part, count, trained }) =>
      `${part}: ${count.toLocaleString('en')}${trained === count ? '' : `, ${trainedText(trained)}`}`,
  );
  table.push(
    ['folder', plan.folder],
    ['parameters', parameters.join('\n')],
    ['steps', `${plan.steps}, ${plan.epochs.toFixed(1)} epochs`],
    ['a step', `${(1000 * plan.stepSeconds).toFixed(1)} ms, the mean of ${timedSteps}`],
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

const trainedText = (trained: number) =>
  trained === 0 ? 'frozen' : `frozen but for ${trained.toLocaleString('en')}`;
