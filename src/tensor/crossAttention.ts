/**
 * Multi-head cross-attention, CA of the method: softmax(Q·Kᵀ/√d_h)·V with query, key, value and
 * output linears (Vaswani et al. 2017). Self-attention is the case where both inputs are the same.
 */
import { addLayerNorm, layerNorm } from './layerNorm.js';
import { addLinear, linear } from './linear.js';
import type { Parameters } from './parameters.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';

/** D7: the paper does not say whether CA has a residual or a norm; by default it has neither. */
export interface AttentionOptions {
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
  options: AttentionOptions,
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

/**
 * @param queries [B, Tq, d], or [Tq, d] for queries that are the same in the whole batch
 * @param keys [B, Tk, d], keys and values alike
 */
export function crossAttention(
  parameters: Parameters,
  name: string,
  queries: tf.Tensor,
  keys: tf.Tensor,
  options: AttentionOptions,
): Attended {
  const shared = queries.rank === 2;
  const { B, Tq, Tk, d } = expectShapes(`crossAttention ${name}`, {
    queries: [queries, shared ? 'Tq d' : 'B Tq d'],
    keys: [keys, 'B Tk d'],
  });
  const { heads } = options;

  const from = options.preNorm ? layerNorm(parameters, `${name}.queryNorm`, queries) : queries;
  const to = options.preNorm ? layerNorm(parameters, `${name}.keyNorm`, keys) : keys;
  const split = (x: tf.Tensor, batch: number, tokens: number) =>
    tf.transpose(tf.reshape(x, [batch, tokens, heads, d / heads]), [0, 2, 1, 3]);

  const query = split(linear(parameters, `${name}.query`, from), shared ? 1 : B, Tq);
  const key = split(linear(parameters, `${name}.key`, to), B, Tk);
  const value = split(linear(parameters, `${name}.value`, to), B, Tk);

  const everywhere = shared ? tf.mul(query, tf.ones([B, 1, 1, 1])) : query;
  const scores = tf.matMul(tf.mul(everywhere, 1 / Math.sqrt(d / heads)), key, false, true);
  const weights = tf.softmax(scores);
  const mixed = tf.reshape(tf.transpose(tf.matMul(weights, value), [0, 2, 1, 3]), [B, Tq, d]);
  const output = linear(parameters, `${name}.output`, mixed);
  return { output: options.residual ? tf.add(output, queries) : output, weights };
}
