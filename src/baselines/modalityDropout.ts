/**
 * Missing inputs without MMP. *Pretrained* networks were trained with everything and meet blanks only in
 * testing; with *modality dropout* (Neverova et al. 2016) they were trained on blanks as well.
 */
import type { Absence } from '../models/absence.js';
import type { BaseNetwork, Inputs, TokenGrid, TokenMasks, Tokens } from '../models/base.js';
import { tf } from '../tensor/tf.js';

/**
 * The inputs with those of missing modalities zeroed: a picture of the mean colour, since inputs are
 * normalised, and a text without words.
 */
export function blank(inputs: Inputs, masked: readonly string[]): Inputs {
  const entries = Object.entries(inputs).map(([name, input]) => [
    name,
    masked.includes(name) ? tf.zerosLike(input) : input,
  ]);
  return Object.fromEntries(entries) as Inputs;
}

/** The usual absence: zeroed inputs. */
export const zeroInputs: Absence = { inputs: blank };

/** The tokens of every modality, of missing ones those of their absence; with the masks of all, and their grid. */
export function tokensWithAbsence(
  base: BaseNetwork,
  inputs: Inputs,
  masked: readonly string[],
  absence: Absence = zeroInputs,
): { tokens: Tokens; masks: TokenMasks; grid?: TokenGrid } {
  const seen = absence.inputs(inputs, masked);
  const tokens = { ...base.embed(seen) };
  for (const name of absence.zeroTokens ?? []) {
    if (masked.includes(name)) tokens[name] = tf.zerosLike(tokens[name]!);
  }
  return { tokens, masks: base.tokenMasks?.(seen) ?? {}, grid: base.gridOf?.(seen) };
}
