/** What a training step minimises, by method. */
import { basePredictor, masksOfAvailable, type Predictor } from '../evaluation/predictors.js';
import { alignmentLoss, totalLoss } from '../mmp/align.js';
import { complete } from '../mmp/complete.js';
import type { Projector } from '../mmp/projector.js';
import type { BaseNetwork, Inputs } from '../models/base.js';
import { tf } from '../tensor/tf.js';
import { crossEntropy } from '../training/crossEntropy.js';
import type { Losses } from '../training/update.js';

/** The loss of logits [B, …, C] against labels [B, …], a scalar. */
export type TaskLoss = (logits: tf.Tensor, labels: tf.Tensor) => tf.Tensor;

/**
 * Without MMP: the cross-entropy of the base network on inputs of which the masked ones are blank. With
 * nothing masked this is plain training, with random sets it is modality dropout.
 */
export function baseLosses(
  base: BaseNetwork,
  inputs: Inputs,
  labels: tf.Tensor,
  masked: readonly string[],
): Losses {
  return predictorLosses(basePredictor(base), inputs, labels, masked);
}

/** The task loss of what a method answers when modalities are missing. */
export function predictorLosses(
  predictor: Predictor,
  inputs: Inputs,
  labels: tf.Tensor,
  masked: readonly string[],
  taskLoss: TaskLoss = crossEntropy,
): Losses {
  return { total: taskLoss(predictor(inputs, masked), labels) };
}

/**
 * With MMP, or with another projector in its place (Eq. 8): the cross-entropy on completed tokens, and the
 * alignment of the projected tokens with the real ones of the masked modalities.
 *
 * @param weight λ (D6); 0 trains without alignment
 */
export function mmpLosses(
  base: BaseNetwork,
  projector: Projector,
  inputs: Inputs,
  labels: tf.Tensor,
  masked: readonly string[],
  weight: number,
  taskLoss: TaskLoss = crossEntropy,
): Losses {
  const real = base.embed(inputs);
  const completed = complete(projector, real, masked);
  const masks = masksOfAvailable(base, inputs, masked);
  const { logits } = base.fuse(completed.tokens, masks, base.gridOf?.(inputs));
  const task = taskLoss(logits, labels);
  const alignment = alignmentLoss(real, completed.projected);
  return { total: totalLoss(task, alignment, weight), task, alignment };
}

/**
 * The losses of a batch of which groups of samples lack different modalities: each counts by its share of the
 * samples.
 */
export function lossesOfGroups(groups: readonly { losses: Losses; samples: number }[]): Losses {
  if (groups.length === 1) return groups[0]!.losses;
  const all = groups.reduce((sum, { samples }) => sum + samples, 0);
  const names = Object.keys(groups[0]!.losses);
  const mean = (name: string) =>
    tf.addN(groups.map(({ losses, samples }) => tf.mul(losses[name]!, samples / all)));
  return Object.fromEntries(names.map((name) => [name, mean(name)])) as Losses;
}
