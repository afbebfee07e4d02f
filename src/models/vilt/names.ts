/**
 * What the parameters of ViLT are called elsewhere: by Hugging Face's library, whose names all reading and
 * writing goes through, and by the original code, whose names become Hugging Face's.
 */

/** Hugging Face's name of each table of ours. */
const tables: Readonly<Record<string, string>> = {
  'embed.text.word': 'embeddings.text_embeddings.word_embeddings.weight',
  'embed.text.position': 'embeddings.text_embeddings.position_embeddings.weight',
  'embed.text.segment': 'embeddings.text_embeddings.token_type_embeddings.weight',
  'embed.image.class': 'embeddings.cls_token',
  'embed.image.position': 'embeddings.position_embeddings',
  'embed.type': 'embeddings.token_type_embeddings.weight',
};

/** Its name of each layer of ours that has `weight` and `bias`. */
const layers: Readonly<Record<string, string>> = {
  'embed.text.norm': 'embeddings.text_embeddings.LayerNorm',
  'embed.image.patch': 'embeddings.patch_embeddings.projection',
  norm: 'layernorm',
  pooler: 'pooler.dense',
};

/** Its name of each layer in a block. */
const blockLayers: Readonly<Record<string, string>> = {
  attentionNorm: 'layernorm_before',
  'attention.query': 'attention.attention.query',
  'attention.key': 'attention.attention.key',
  'attention.value': 'attention.attention.value',
  'attention.output': 'attention.output.dense',
  mlpNorm: 'layernorm_after',
  'mlp.hidden': 'intermediate.dense',
  'mlp.output': 'output.dense',
};

/** Its name of each layer of the head: of question answering, and of the classification of tokens. */
const headLayers = {
  mlp: {
    'head.hidden': 'classifier.0',
    'head.norm': 'classifier.1',
    'head.output': 'classifier.3',
  },
  linear: { 'head.output': 'classifier' },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

/** Hugging Face's name of a parameter of ours, without the prefix `vilt.` */
export function huggingFaceName(name: string, head: 'linear' | 'mlp'): string {
  const table = tables[name];
  if (table) return table;
  const [, layer, kind] = /^(.*)\.(weight|bias)$/.exec(name)!;
  const inBlock = /^blocks\.(\d+)\.(.*)$/.exec(layer!);
  const heads: Readonly<Record<string, string>> = headLayers[head];
  const theirs = inBlock
    ? `encoder.layer.${inBlock[1]}.${blockLayers[inBlock[2]!]}`
    : (layers[layer!] ?? heads[layer!]);
  return `${theirs}.${kind}`;
}

/** The beginnings of names of the original code, and what Hugging Face has instead. */
const renamed: readonly [RegExp, string][] = [
  [/^vilt\./, ''],
  [/^(text_embeddings|token_type_embeddings)\./, 'embeddings.$1.'],
  [/^transformer\.cls_token$/, 'embeddings.cls_token'],
  [/^transformer\.pos_embed$/, 'embeddings.position_embeddings'],
  [/^transformer\.patch_embed\.proj\./, 'embeddings.patch_embeddings.projection.'],
  [/^transformer\.norm\./, 'layernorm.'],
  [/^transformer\.blocks\.(\d+)\.norm1\./, 'encoder.layer.$1.layernorm_before.'],
  [/^transformer\.blocks\.(\d+)\.norm2\./, 'encoder.layer.$1.layernorm_after.'],
  [/^transformer\.blocks\.(\d+)\.attn\.qkv\./, 'encoder.layer.$1.attention.attention.qkv.'],
  [/^transformer\.blocks\.(\d+)\.attn\.proj\./, 'encoder.layer.$1.attention.output.dense.'],
  [/^transformer\.blocks\.(\d+)\.mlp\.fc1\./, 'encoder.layer.$1.intermediate.dense.'],
  [/^transformer\.blocks\.(\d+)\.mlp\.fc2\./, 'encoder.layer.$1.output.dense.'],
];

/**
 * A name of either layout in Hugging Face's, without `vilt.`; query, key and value, which the original code
 * keeps in one, are called `qkv`.
 */
export const inHuggingFace = (name: string): string =>
  renamed.reduce((known, [pattern, replacement]) => known.replace(pattern, replacement), name);

/**
 * What checkpoints hold beside the network: heads of other tasks, numbers that are no weights, and the prompts
 * of Missing-Aware Prompts, which belong to that method.
 */
const beside: readonly RegExp[] = [
  /^(mlm_score|itm_score|mpp_score|rank_output)\./,
  /^transformer\.mask_token$/,
  /\.(position_ids|token_type_ids)$/,
  /^(complete|missing_text|missing_img)_prompt$/,
];

export const isBeside = (name: string): boolean => beside.some((pattern) => pattern.test(name));

/** The name in a classifier of a tensor of one, such as `food101_classifier.0.weight`, and which one it is. */
export function classifierName(name: string): { classifier: string; name: string } | undefined {
  const found = /^((?:\w+_)?classifier)(\..*)$/.exec(name);
  return found ? { classifier: found[1]!, name: `classifier${found[2]}` } : undefined;
}
