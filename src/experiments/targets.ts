/** What a data set asks for: its labels as a tensor, and the losses that compare predictions with them. */
import type { Dataset } from '../data/dataset.js';
import { tf } from '../tensor/tf.js';
import { crossEntropy } from '../training/crossEntropy.js';
import { ohemCrossEntropy } from '../training/ohem.js';
import { l1Loss } from '../training/regression.js';
import type { TaskLoss } from './objectives.js';

/** Classes as int32 [B], numbers as float32 [B]. */
export function labelsOf({ labels }: Dataset, samples: readonly number[]): tf.Tensor {
  const values = samples.map((sample) => labels[sample]!);
  return tf.tensor1d(values, labels instanceof Int32Array ? 'int32' : 'float32');
}

/** By the name that a configuration has for it. */
export const taskLosses = {
  crossEntropy,
  ohemCrossEntropy,
  /** Of predictions [B, 1] */
  l1: (predictions, labels) => l1Loss(labels, tf.reshape(predictions, labels.shape)),
} as const satisfies Record<string, TaskLoss>;
