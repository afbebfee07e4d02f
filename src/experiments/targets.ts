/** The losses that compare predictions with labels. */
import { ignoredLabel } from '../data/dataset.js';
import { tf } from '../tensor/tf.js';
import { crossEntropy } from '../training/crossEntropy.js';
import { ohemCrossEntropy } from '../training/ohem.js';
import { l1Loss } from '../training/regression.js';
import type { TaskLoss } from './objectives.js';

/** By the name that a configuration has for it. */
export const taskLosses = {
  crossEntropy: (logits, labels) => crossEntropy(logits, labels, ofPixels(labels)),
  ohemCrossEntropy: (logits, labels) => ohemCrossEntropy(logits, labels, ofPixels(labels)),
  /** Of predictions [B, 1] */
  l1: (predictions, labels) => l1Loss(labels, tf.reshape(predictions, labels.shape)),
} as const satisfies Record<string, TaskLoss>;

/** Some pixels have no class; every sample has one. */
const ofPixels = (labels: tf.Tensor) => (labels.rank > 1 ? { ignoreIndex: ignoredLabel } : {});
