/** Configurations of MMSA, the public framework, as those of our TFN and LMF. */
import { z } from 'zod';
import { parseWith } from '../files/json.js';
import type { LmfConfig } from './lmf.js';
import type { SubNetworksConfig } from './subNetworks.js';
import type { TfnConfig } from './tfn.js';

const positive = z.number().int().positive();
const rate = z.number().min(0).lt(1);

/** What decides both networks; what it has in threes is of text, audio and vision */
const common = {
  feature_dims: z.tuple([positive, positive, positive]),
  hidden_dims: z.tuple([positive, positive, positive]),
  /** Of audio, vision, text, and behind the fusion */
  dropouts: z.tuple([rate, rate, rate, rate]),
  train_mode: z.enum(['regression', 'classification']),
  num_classes: positive,
};
const ofTfn = z.object({ ...common, text_out: positive, post_fusion_dim: positive });
const ofLmf = z.object({ ...common, rank: positive });

/** @throws Error naming every key that is absent or wrong */
export function tfnFromMmsa(json: unknown): TfnConfig {
  const config = parseWith(ofTfn, json);
  return {
    ...subNetworksOf(config, config.text_out),
    fused: { width: config.post_fusion_dim, dropout: config.dropouts[3] },
  };
}

/** @throws Error naming every key that is absent or wrong */
export function lmfFromMmsa(json: unknown): LmfConfig {
  const config = parseWith(ofLmf, json);
  // MMSA makes text half as wide as the state of its LSTM.
  const width = Math.floor(config.hidden_dims[0] / 2);
  return { ...subNetworksOf(config, width), rank: config.rank };
}

function subNetworksOf(
  {
    feature_dims,
    hidden_dims,
    dropouts,
    train_mode,
    num_classes,
  }: z.infer<typeof ofLmf | typeof ofTfn>,
  textWidth: number,
): SubNetworksConfig {
  const [text, audio, vision] = feature_dims;
  return {
    // MMSA turns the dropout of a text off where its LSTM has one layer, as it always has here.
    text: { features: text, hidden: hidden_dims[0], width: textWidth, dropout: 0 },
    audio: { features: audio, width: hidden_dims[1], dropout: dropouts[0] },
    vision: { features: vision, width: hidden_dims[2], dropout: dropouts[1] },
    classes: train_mode === 'classification' ? num_classes : 1,
  };
}
