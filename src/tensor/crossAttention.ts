/**
 * Multi-head cross-attention, CA of the method: softmax(Q·Kᵀ/√d_h)·V with query, key, value and output
 * linears (Vaswani et al. 2017). Self-attention is the case where both inputs are the same.
 *
 * Where there are few queries or few keys, products change places and no linear is applied to the many
 * tokens; the result is the same ("The exact shortcut"). With x one of the many tokens, by head h:
 *
 *   few keys     score = x·(W_q,h·k_h) + b_q,h·k_h        output = Σ weight·(v_h·W_o,h) + b_o
 *   few queries  score = (q_h·W_k,hᵀ)·x + a constant      output = (Σ weight·x)·W_v,h·W_o,h + …
 */
import { attention, plainAttention, type AttentionOutput } from './attention.js';
import { contractHeads, expandHeads } from './heads.js';
import { addLayerNorm, layerNorm } from './layerNorm.js';
import { addLinear, linear, plainLinear } from './linear.js';
import type { Parameters } from './parameters.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';

/** D7: the paper does not say whether CA has a residual or a norm; by default it has neither. */
export interface CrossAttentionOptions {
  readonly heads: number;
  /** Adds the query input to the output. */
  readonly residual?: boolean;
  /** Normalises both inputs first. */
  readonly preNorm?: boolean;
}

// A type and not an interface, so that TF.js takes it as what a tidied function returns.
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type Attended = {
  /** [B, Tq, d] */
  readonly output: tf.Tensor;
  /** The attention weights, rows summing to one: [B, H, Tq, Tk] */
  readonly weights: tf.Tensor;
};

/** Declares `{name}.query|key|value|output.weight|bias`, and the two norms with `preNorm`. */
export function addCrossAttention(
  parameters: Parameters,
  name: string,
  width: number,
  options: CrossAttentionOptions,
): void {
  if (width % options.heads !== 0) {
    throw new Error(`${name}: width ${width} is not divisible by ${options.heads} heads`);
  }
  for (const part of ['query', 'key', 'value', 'output']) {
    addLinear(parameters, `${name}.${part}`, width, width);
  }
  if (options.preNorm) {
    addLayerNorm(parameters, `${name}.queryNorm`, width);
    addLayerNorm(parameters, `${name}.keyNorm`, width);
  }
}

/** A way to compute cross-attention from inputs that are normalised already. */
type Form = (
  parameters: Parameters,
  name: string,
  queries: tf.Tensor,
  keys: tf.Tensor,
  heads: number,
) => Attended;

/**
 * @param queries [B, Tq, d], or [Tq, d] for queries that are the same in the whole batch
 * @param keys [B, Tk, d], keys and values alike
 */
export function crossAttention(
  parameters: Parameters,
  name: string,
  queries: tf.Tensor,
  keys: tf.Tensor,
  options: CrossAttentionOptions,
): Attended {
  return withOptions(parameters, name, queries, keys, options, (...inputs) =>
    cheapestForm(inputs[2], inputs[3], options.heads)(...inputs),
  );
}

/** The same as it is written, without a gradient of ours. The specification of `crossAttention`. */
export function plainCrossAttention(
  parameters: Parameters,
  name: string,
  queries: tf.Tensor,
  keys: tf.Tensor,
  options: CrossAttentionOptions,
): Attended {
  return withOptions(parameters, name, queries, keys, options, (_, __, from, to, heads) => {
    const apply = (part: string, x: tf.Tensor) =>
      plainLinear(
        x,
        parameters.get(`${name}.${part}.weight`),
        parameters.get(`${name}.${part}.bias`),
      );
    const { mixed, weights } = plainAttention(
      { query: apply('query', from), key: apply('key', to), value: apply('value', to) },
      { heads, scale: scaleOf(from, heads) },
    );
    return { output: apply('output', mixed), weights };
  });
}

/** Checks the inputs, and puts norms before and the residual behind a form. */
function withOptions(
  parameters: Parameters,
  name: string,
  queries: tf.Tensor,
  keys: tf.Tensor,
  options: CrossAttentionOptions,
  form: Form,
): Attended {
  const shared = queries.rank === 2;
  expectShapes(`crossAttention ${name}`, {
    queries: [queries, shared ? 'Tq d' : 'B Tq d'],
    keys: [keys, 'B Tk d'],
  });
  const from = options.preNorm ? layerNorm(parameters, `${name}.queryNorm`, queries) : queries;
  const to = options.preNorm ? layerNorm(parameters, `${name}.keyNorm`, keys) : keys;
  const asBatch = shared ? tf.expandDims<tf.Tensor>(from, 0) : from;
  const { output, weights } = form(parameters, name, asBatch, to, options.heads);
  return { output: options.residual ? tf.add(output, queries) : output, weights };
}

/**
 * What the short forms cost beyond their products, in multiply-adds: more and smaller operations, which are
 * dear where each is a call into TensorFlow.
 */
const detour = () => (tf.getBackend() === 'tensorflow' ? 25e6 : 1e6);

/** The form with the least to do, counted in multiply-adds. */
function cheapestForm(queries: tf.Tensor, keys: tf.Tensor, heads: number): Form {
  const [asked, Tq, d] = queries.shape as [number, number, number];
  const [B, Tk] = keys.shape as [number, number];
  const linears = (tokens: number) => tokens * d * d;
  const between = 2 * B * Tq * Tk * d;
  const costs: [number, Form][] = [
    [linears(asked * Tq) + linears(B * (2 * Tk + Tq)) + between, standard],
    [linears(B * 4 * Tk) + heads * between + detour(), fewKeys],
    [linears(2 * asked * Tq) + linears(B * 2 * Tq) + heads * between + detour(), fewQueries],
  ];
  return costs.reduce((best, next) => (next[0] < best[0] ? next : best))[1];
}

/** 1/√d_h of queries [B, Tq, d] */
const scaleOf = (queries: tf.Tensor, heads: number) => 1 / Math.sqrt(queries.shape[2]! / heads);

/** Linears of all tokens. */
const standard: Form = (parameters, name, queries, keys, heads) => {
  const { mixed, weights } = attention(
    {
      query: linear(parameters, `${name}.query`, queries),
      key: linear(parameters, `${name}.key`, keys),
      value: linear(parameters, `${name}.value`, keys),
    },
    { heads, scale: scaleOf(queries, heads) },
  );
  return { output: linear(parameters, `${name}.output`, mixed), weights };
};

/** No linear touches the many queries. */
const fewKeys: Form = (parameters, name, queries, keys, heads) => {
  const [B, Tk] = keys.shape as [number, number];
  const key = linear(parameters, `${name}.key`, keys);
  const value = linear(parameters, `${name}.value`, keys);
  const outputWeight = tf.transpose(parameters.get(`${name}.output.weight`));
  // The weights of each head sum to one, so a share of the output's bias in every value adds up to it.
  const outputBias = tf.div(parameters.get(`${name}.output.bias`), heads);
  // b_q,h·k_h of each key: the query's bias as one more column of W_q.
  const queryBias = tf.reshape(parameters.get(`${name}.query.bias`), [1, -1]);
  const attended = attention(
    {
      query: queries,
      key: expandHeads(key, parameters.get(`${name}.query.weight`), heads),
      value: tf.add(expandHeads(value, outputWeight, heads), outputBias),
      offset: tf.reshape(expandHeads(key, queryBias, heads), [B, heads * Tk]),
    },
    { heads: 1, scale: scaleOf(queries, heads), groups: heads },
  );
  return { output: attended.mixed, weights: weightsByHead(attended, heads) };
};

/** No linear touches the many keys. The key's bias shifts all scores of a query alike, so it falls out. */
const fewQueries: Form = (parameters, name, queries, keys, heads) => {
  const Tq = queries.shape[1]!;
  const query = linear(parameters, `${name}.query`, queries);
  const questions = expandHeads(query, parameters.get(`${name}.key.weight`), heads);
  const { mixed, weights } = attention(
    { query: questions, key: keys, value: keys },
    { heads: 1, scale: scaleOf(queries, heads) },
  );
  const values = contractHeads(mixed, parameters.get(`${name}.value.weight`), heads);
  const shifted = tf.add(values, parameters.get(`${name}.value.bias`));
  return {
    output: linear(parameters, `${name}.output`, shifted),
    weights: tf.reshape(weights, [weights.shape[0], heads, Tq, weights.shape[3]!]),
  };
};

/** [B, 1, Tq, H·Tk] → [B, H, Tq, Tk] */
function weightsByHead({ weights }: AttentionOutput, heads: number): tf.Tensor {
  const [B, , Tq, all] = weights.shape as [number, number, number, number];
  return tf.transpose(tf.reshape(weights, [B, Tq, heads, all / heads]), [0, 2, 1, 3]);
}
