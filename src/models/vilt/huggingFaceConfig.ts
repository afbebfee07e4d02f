/** The configuration file of Hugging Face's library as ours. */
import { z } from 'zod';
import { parseWith } from '../../files/json.js';
import type { ViltConfig } from './config.js';

const positive = z.number().int().positive();

/** What decides the network; what differs from the reference in any other way is not this network. */
const schema = z.object({
  model_type: z.literal('vilt'),
  vocab_size: positive,
  max_position_embeddings: positive,
  type_vocab_size: z.literal(2),
  modality_type_vocab_size: z.literal(2),
  hidden_size: positive,
  num_hidden_layers: positive,
  num_attention_heads: positive,
  intermediate_size: positive,
  hidden_act: z.literal('gelu'),
  // In the library this is the ε of the text's embeddings, too, which is always BERT's.
  layer_norm_eps: z.literal(1e-12),
  image_size: positive,
  patch_size: positive,
  num_channels: z.literal(3),
  qkv_bias: z.literal(true),
});

/**
 * @param json what config.json holds
 * @param classes C, of which a checkpoint without a classifier says nothing
 * @throws Error naming every key that is absent or that this network cannot follow
 */
export function viltFromHuggingFace(json: unknown, classes: number): ViltConfig {
  const config = parseWith(schema, json);
  return {
    vocabulary: config.vocab_size,
    textLength: config.max_position_embeddings,
    imageSize: config.image_size,
    patch: config.patch_size,
    width: config.hidden_size,
    heads: config.num_attention_heads,
    layers: config.num_hidden_layers,
    mlpRatio: config.intermediate_size / config.hidden_size,
    classes,
    blockEpsilon: config.layer_norm_eps,
  };
}
