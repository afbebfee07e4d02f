/** How a method answers when modalities are missing. */
import { tokensWithAbsence } from '../baselines/modalityDropout.js';
import { complete } from '../mmp/complete.js';
import type { Projector } from '../mmp/projector.js';
import type { Absence } from '../models/absence.js';
import type { BaseNetwork, Inputs, TokenMasks, Tokens } from '../models/base.js';
import type { tf } from '../tensor/tf.js';

/** From the inputs of a batch and 𝒦 to logits [B, C], or [B, height, width, C]. */
export type Predictor = (inputs: Inputs, masked: readonly string[]) => tf.Tensor;

/** The base network alone: of a missing modality it sees its absence. */
export function basePredictor(base: BaseNetwork, absence?: Absence): Predictor {
  return (inputs, masked) => {
    const { tokens, masks, grid } = tokensWithAbsence(base, inputs, masked, absence);
    return base.fuse(tokens, masks, grid).logits;
  };
}

/** The base network with MMP, or with another projector in its place. */
export function mmpPredictor(base: BaseNetwork, projector: Projector): Predictor {
  return (inputs, masked) =>
    base.fuse(
      completedTokens(base, projector, inputs, masked),
      masksOfAvailable(base, inputs, masked),
      base.gridOf?.(inputs),
    ).logits;
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

/** The masks of available modalities. Projected tokens are all real. */
export function masksOfAvailable(
  base: BaseNetwork,
  inputs: Inputs,
  masked: readonly string[],
): TokenMasks {
  const masks = Object.entries(base.tokenMasks?.(inputs) ?? {});
  return Object.fromEntries(masks.filter(([name]) => !masked.includes(name)));
}
