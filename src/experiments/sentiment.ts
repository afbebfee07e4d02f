/** Sentiment in runs: the networks that a configuration makes for sequences of text, audio and vision. */
import type { SequenceDataset } from '../data/sentiment/sequences.js';
import { Mult } from '../models/mult/mult.js';
import type { RunConfig } from './config.js';

type SequenceModel = Extract<RunConfig['model'], { readonly name: 'mult' }>;

/** An untrained network for the data set. */
export function sequenceBase(
  { sequences: { text, audio, vision } }: SequenceDataset,
  { kernel, ...model }: SequenceModel,
  seed: number,
): Mult {
  const withKernel = ({ length, features }: typeof text) => ({ length, features, kernel });
  return new Mult(
    {
      ...model,
      text: withKernel(text),
      audio: withKernel(audio),
      vision: withKernel(vision),
      classes: 1,
    },
    seed,
  );
}
