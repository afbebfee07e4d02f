/** How a method answers when modalities are missing. */
import { blank } from '../baselines/modalityDropout.js';
import { complete } from '../mmp/complete.js';
import type { Projector } from '../mmp/projector.js';
import type { BaseNetwork, Inputs, Tokens } from '../models/base.js';
import type { tf } from '../tensor/tf.js';

/** From the inputs of a batch and 𝒦 to logits [B, C]. */
export type Predictor = (inputs: Inputs, masked: readonly string[]) => tf.Tensor;

/** The base network alone: it sees blank inputs where a modality is missing. */
export function basePredictor(base: BaseNetwork): Predictor {
  return (inputs, masked) => base.fuse(base.embed(blank(inputs, masked))).logits;
}

/** The base network with MMP, or with another projector in its place. */
export function mmpPredictor(base: BaseNetwork, projector: Projector): Predictor {
  return (inputs, masked) => base.fuse(completedTokens(base, projector, inputs, masked)).logits;
}

/**
 * The tokens that the base network fuses: real ones of available modalities, projected ones of missing
 * ones, whose inputs are never read.
 */
export function completedTokens(
  base: BaseNetwork,
  projector: Projector,
  inputs: Inputs,
  masked: readonly string[],
): Tokens {
  const available = Object.entries(inputs).filter(([name]) => !masked.includes(name));
  return complete(projector, base.embed(Object.fromEntries(available)), masked).tokens;
}
