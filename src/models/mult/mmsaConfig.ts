/** The configuration of MMSA, the public framework, as ours. */
import { z } from 'zod';
import { parseWith } from '../../files/json.js';
import { type MultConfig, type MultDropout } from './config.js';
import { sentimentModalities, type SentimentModality } from '../sentimentModalities.js';

const positive = z.number().int().positive();

/** What decides the network; what differs from the reference in any other way is not this network. */
const schema = z.object({
  use_bert: z.literal(false),
  dst_feature_dim_nheads: z.tuple([positive, positive]),
  feature_dims: z.tuple([positive, positive, positive]),
  nlevels: positive,
  attn_mask: z.boolean(),
  train_mode: z.enum(['regression', 'classification']),
  num_classes: positive,
  conv1d_kernel_size_l: positive,
  conv1d_kernel_size_a: positive,
  conv1d_kernel_size_v: positive,
});

const rate = z.number().gte(0).lt(1);

/** What decides training beside it: all of these, or none and then there is no dropout */
const rates = z.object({
  text_dropout: rate,
  attn_dropout: rate,
  attn_dropout_a: rate,
  attn_dropout_v: rate,
  embed_dropout: rate,
  relu_dropout: rate,
  res_dropout: rate,
  output_dropout: rate,
});

/**
 * @param json what the configuration holds
 * @param lengths T of each modality, of which the configuration says nothing
 * @throws Error naming every key that is absent or that this network cannot follow
 */
export function multFromMmsa(
  json: unknown,
  lengths: Readonly<Record<SentimentModality, number>>,
): MultConfig {
  const config = parseWith(schema, json);
  const [width, heads] = config.dst_feature_dim_nheads;
  const [text, audio, vision] = config.feature_dims;
  const features = { text, audio, vision };
  // MMSA takes features that are as wide as tokens for tokens.
  const same = sentimentModalities.filter((name) => features[name] === width);
  if (same.length > 0) {
    throw new Error(`MMSA does not convolve ${same.join(', ')}: its features are ${width} wide`);
  }
  const kernels = {
    text: config.conv1d_kernel_size_l,
    audio: config.conv1d_kernel_size_a,
    vision: config.conv1d_kernel_size_v,
  };
  const sequence = (name: SentimentModality) => ({
    length: lengths[name],
    features: features[name],
    kernel: kernels[name],
  });
  const dropout = dropoutOf(json as object);
  return {
    text: sequence('text'),
    audio: sequence('audio'),
    vision: sequence('vision'),
    width,
    heads,
    layers: config.nlevels,
    classes: config.train_mode === 'classification' ? config.num_classes : 1,
    masked: config.attn_mask,
    ...(dropout ? { dropout } : {}),
  };
}

function dropoutOf(json: object): MultDropout | undefined {
  if (!Object.keys(rates.shape).some((key) => key in json)) return undefined;
  const found = parseWith(rates, json);
  return {
    textFeatures: found.text_dropout,
    attention: {
      text: found.attn_dropout,
      audio: found.attn_dropout_a,
      vision: found.attn_dropout_v,
    },
    memoryAttention: found.attn_dropout,
    embedding: found.embed_dropout,
    hidden: found.relu_dropout,
    residual: found.res_dropout,
    head: found.output_dropout,
  };
}
