/** What the parameters of MulT are called in MMSA. */
import type { SentimentModality } from '../sentimentModalities.js';

const letters: Readonly<Record<SentimentModality, string>> = { text: 'l', audio: 'a', vision: 'v' };
const letterOf = (name: string) => letters[name.toLowerCase() as SentimentModality];

/** Its name of each layer in a layer of an encoder; query, key and value, which it keeps in one, have these. */
const inEncoder: Readonly<Record<string, string>> = {
  attentionNorm: 'layer_norms.0',
  'attention.query': 'self_attn.query',
  'attention.key': 'self_attn.key',
  'attention.value': 'self_attn.value',
  'attention.output': 'self_attn.out_proj',
  mlpNorm: 'layer_norms.1',
  'mlp.hidden': 'fc1',
  'mlp.output': 'fc2',
};

const head: Readonly<Record<string, string>> = {
  hidden: 'proj1',
  residual: 'proj2',
  output: 'out_layer',
};

/** The beginnings of our names, and what MMSA has instead. */
const renamed: readonly [RegExp, (...found: string[]) => string][] = [
  [/^embed\.(\w+)\./, (_, name) => `proj_${letterOf(name)}.`],
  [/^cross\.(\w+)From(\w+)\./, (_, to, from) => `trans_${letterOf(to)}_with_${letterOf(from)}.`],
  [/^memory\.(\w+)\./, (_, name) => `trans_${letterOf(name)}_mem.`],
  [/^head\.(\w+)\./, (_, part) => `${head[part]}.`],
  [/\.norm\.(\w+)$/, (_, kind) => `.layer_norm.${kind}`],
  [
    /\.layers\.(\d+)\.(.*)\.(\w+)$/,
    (_, layer, part, kind) => `.layers.${layer}.${inEncoder[part]}.${kind}`,
  ],
];

/** MMSA's name of a parameter of ours. */
export const mmsaName = (name: string): string =>
  renamed.reduce((known, [pattern, replacement]) => known.replace(pattern, replacement), name);

/** Where a query, key or value lies in MMSA's files: with the two others; all else under its own name */
export const fileName = (name: string): string =>
  name.replace(/\.(query|key|value)\.(weight|bias)$/, '.in_proj_$2');

export const isPacked = (file: string): boolean => /\.in_proj_(weight|bias)$/.test(file);

/** The name of a part of what lies in one tensor. */
export const partName = (file: string, part: string): string =>
  file.replace(/\.in_proj_(weight|bias)$/, `.${part}.$1`);
