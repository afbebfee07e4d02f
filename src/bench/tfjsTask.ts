/** A task on TF.js, by the same public classes that the workbook trains with. */
import path from 'node:path';
import { ignoredLabel } from '../data/dataset.js';
import { predictLogits } from '../evaluation/accuracy.js';
import { basePredictor, mmpPredictor } from '../evaluation/predictors.js';
import { mmpLosses, predictorLosses, type TaskLoss } from '../experiments/objectives.js';
import { readSafetensors, type StoredTensor } from '../files/safetensors.js';
import { alignmentLoss } from '../mmp/align.js';
import { complete } from '../mmp/complete.js';
import { Mmp } from '../mmp/mmp.js';
import type { BaseNetwork } from '../models/base.js';
import { SmallVilt } from '../models/smallVilt.js';
import type { NamedValues, Parameters } from '../tensor/parameters.js';
import { stream } from '../tensor/random.js';
import { tf } from '../tensor/tf.js';
import { AdamW, adamWDefaults, type ParameterGroup } from '../training/adamw.js';
import { crossEntropy } from '../training/crossEntropy.js';
import { train } from '../training/train.js';
import type { Losses } from '../training/update.js';
import { makeCmnext } from './cmnext.js';
import { readTask, taskFiles, type Optimiser, type Task } from './task.js';

/** Runs one step and returns its value: the loss, or the mean squared logit. */
export type RunStep = () => Promise<number>;

export interface LoadedTask {
  readonly step: RunStep;
  /** Trains for a number of steps as the workbook does, and returns the losses; null where nothing trains */
  readonly queue: ((steps: number) => Promise<number[]>) | null;
}

/** The parts of a task; its parameters lie on the backend. */
interface Parts {
  readonly task: Task;
  readonly base: BaseNetwork | null;
  readonly mmp: Mmp | null;
  readonly inputs: ReadonlyMap<string, StoredTensor>;
}

/**
 * Loads a task onto the current backend.
 *
 * @param folder what `writeTask` wrote
 */
export function loadTask(folder: string): LoadedTask {
  const { task, inputs } = readTask(folder);
  const base = loadBase(task, path.join(folder, taskFiles.base));
  const mmp = task.mmp && new Mmp(task.mmp, 1);
  if (mmp) loadParameters(mmp.parameters, path.join(folder, taskFiles.mmp));
  const parts = { task, base, mmp, inputs };
  if (task.objective === 'evaluation') return { step: evaluationStep(parts), queue: null };
  return task.optimiser
    ? training(parts, task.optimiser)
    : { step: gradientStep(parts), queue: null };
}

function loadBase({ base, cmnext }: Task, file: string): BaseNetwork | null {
  if (cmnext) {
    const { network, load } = makeCmnext(cmnext);
    load(readSafetensors(file).tensors);
    // As in training: batch normalisation takes the statistics of the batch.
    network.training = stream(1, 'dropout');
    return network;
  }
  const vilt = base && new SmallVilt(base, 1);
  if (vilt) loadParameters(vilt.parameters, file);
  return vilt;
}

function loadParameters(parameters: Parameters, file: string): void {
  parameters.load(readSafetensors(file).tensors as NamedValues);
}

/** Forward and backward. */
function gradientStep(parts: Parts): RunStep {
  const losses = lossesOf(parts);
  const variables = [parts.base, parts.mmp].flatMap((network) =>
    network ? network.parameters.names.map((name) => network.parameters.get(name)) : [],
  );
  return async () => {
    const loss = tf.tidy(() => tf.variableGrads(() => losses().total.asScalar(), variables).value);
    const [value] = await loss.data();
    loss.dispose();
    return value!;
  };
}

function training(parts: Parts, wanted: Optimiser): LoadedTask {
  const { base, mmp } = parts;
  const losses = lossesOf(parts);
  const groups: ParameterGroup[] = [];
  if (base) {
    const isTrained = (name: string) => !base.isFixed?.(name);
    groups.push({ parameters: base.parameters, isTrained });
  }
  if (mmp) groups.push({ parameters: mmp.parameters, rate: wanted.mmpRate });
  const optimiser = new AdamW(groups, { ...adamWDefaults, weightDecay: wanted.weightDecay });
  const queue = async (steps: number) => {
    const records = await train({ steps, optimiser, learningRate: () => wanted.rate, losses });
    return records.map((record) => record.losses.total!);
  };
  return { step: async () => (await queue(1))[0]!, queue };
}

function lossesOf({ task, base, mmp, inputs }: Parts): () => Losses {
  const tensors = Object.fromEntries([...inputs].map(([name, value]) => [name, tensorOf(value)]));
  if (!base) {
    return () => {
      const { projected } = complete(mmp!, tensors, task.masked);
      return { total: alignmentLoss(tensors, projected) };
    };
  }
  const { labels, ...batch } = tensors;
  const { masked, alignmentWeight: weight } = task;
  const taskLoss = task.objective === 'segmentation' ? pixelLoss : crossEntropy;
  return () =>
    mmp
      ? mmpLosses(base, mmp, batch, labels!, masked, weight, taskLoss)
      : predictorLosses(basePredictor(base), batch, labels!, masked, taskLoss);
}

const pixelLoss: TaskLoss = (logits, labels) =>
  crossEntropy(logits, labels, { ignoreIndex: ignoredLabel });

function evaluationStep({ task, base, mmp, inputs }: Parts): RunStep {
  const predictor = mmpPredictor(base!, mmp!);
  const count = inputs.values().next().value!.shape[0]!;
  const samples = Array.from({ length: count }, (_, sample) => sample);
  const dataset = {
    name: task.name,
    modalities: [...inputs.keys()],
    classes: [],
    labels: new Int32Array(),
    splits: { train: [], validation: [], test: samples },
    // `predictLogits` asks for neighbours, so that a batch is a view of what was read.
    inputs: (batch: readonly number[]) =>
      Object.fromEntries(
        [...inputs].map(([name, { shape, values }]) => {
          const each = values.length / count;
          const part = values.subarray(batch[0]! * each, (batch.at(-1)! + 1) * each);
          return [name, tensorOf({ shape: [batch.length, ...shape.slice(1)], values: part })];
        }),
      ),
  };
  return async () => {
    const logits = await predictLogits(predictor, dataset, samples, task.masked);
    const squares = logits.map((row) => row.reduce((sum, logit) => sum + logit ** 2, 0));
    return squares.reduce((sum, square) => sum + square, 0) / (count * logits[0]!.length);
  };
}

function tensorOf({ shape, values }: StoredTensor): tf.Tensor {
  const type = values instanceof Int32Array ? 'int32' : 'float32';
  return tf.tensor(values, [...shape], type);
}
