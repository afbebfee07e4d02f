/** Sentiment in runs: the networks that a configuration makes for sequences of text, audio and vision. */
import type { MosiReport } from '../data/mosi/check.js';
import type { SequenceDataset } from '../data/sentiment/sequences.js';
import type { BaseNetwork } from '../models/base.js';
import { Lmf, lmfMosi, type LmfConfig } from '../models/lmf.js';
import { Mult } from '../models/mult/mult.js';
import type { SubNetworksConfig } from '../models/subNetworks.js';
import { Tfn, tfnMosi, type TfnConfig } from '../models/tfn.js';
import type { RunConfig } from './config.js';

type SequenceModel = Extract<RunConfig['model'], { readonly name: 'mult' | 'tfn' | 'lmf' }>;

/** An untrained network for the data set. TFN and LMF have MMSA's sizes but for the features. */
export function sequenceBase(
  { sequences: { text, audio, vision } }: SequenceDataset,
  model: SequenceModel,
  seed: number,
): BaseNetwork {
  if (model.name === 'mult') {
    const { kernel, width, heads, layers, dropout } = model;
    const sequence = ({ length, features }: typeof text) => ({ length, features, kernel });
    const sequences = { text: sequence(text), audio: sequence(audio), vision: sequence(vision) };
    return new Mult({ width, heads, layers, ...sequences, classes: 1, dropout }, seed);
  }
  const withFeatures = <Config extends SubNetworksConfig>(mosi: Config): Config => ({
    ...mosi,
    text: { ...mosi.text, features: text.features },
    audio: { ...mosi.audio, features: audio.features },
    vision: { ...mosi.vision, features: vision.features },
  });
  return model.name === 'tfn'
    ? new Tfn(withFeatures<TfnConfig>(tfnMosi), seed)
    : new Lmf(withFeatures<LmfConfig>({ ...lmfMosi, rank: model.rank }), seed);
}

/** What was found in a file of CMU-MOSI, as lines of a plan. */
export function mosiLines(report: MosiReport): [string, string][] {
  const { samples, zeroLabels, sequences, negativeInfinities } = report;
  const text = (values: Readonly<Record<string, number | string>>) =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${value.toLocaleString('en')}`)
      .join(', ');
  const shapes = Object.entries(sequences).map(
    ([name, { length, features }]) => [name, `${length} × ${features}`] as const,
  );
  return [
    ['samples', text(samples)],
    ['neutral ones', text(zeroLabels)],
    ['sequences', text(Object.fromEntries(shapes))],
    ['−∞ made 0', negativeInfinities.toLocaleString('en')],
  ];
}
