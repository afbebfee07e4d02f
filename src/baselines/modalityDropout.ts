/**
 * Missing inputs without MMP. *Pretrained* networks were trained with everything and meet blanks only in
 * testing; with *modality dropout* (Neverova et al. 2016) they were trained on blanks as well.
 */
import type { Inputs } from '../models/base.js';
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
