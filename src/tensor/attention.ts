/**
 * The core of attention, softmax(scale·(Q·Kᵀ + c))·V by head, without linears: the middle of every form of
 * cross-attention (crossAttention.ts), with the gradient in closed form. In training, dropout may take away some
 * of the weights before they mix the values, as PyTorch's attention has it.
 */
import { attendGradient } from './attentionGradient.js';
import { dropping, notation, sizesOf, softmaxRows } from './attentionParts.js';
import { contract } from './contract.js';
import { drawDropped, dropByKernel, droppedOf, dropoutFactors } from './dropout.js';
import { defineOperation, type Attributes, type Tensors } from './operation.js';
import type { Stream } from './random.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';

export interface AttentionInputs {
  /** Q [B, Tq, H·d_h], or [1, Tq, H·d_h] where the batch shares its queries */
  readonly query: tf.Tensor;
  /** K [B, Tk, H·d_h] */
  readonly key: tf.Tensor;
  /** V [B, Tk, H·d_v] */
  readonly value: tf.Tensor;
  /** c [B, Tk], added to the products of every query of every head */
  readonly offset?: tf.Tensor;
  /** In its place c [Tq, Tk], the same for every sample and head; a constant, which gets no gradient */
  readonly pairOffset?: tf.Tensor;
}

export interface AttentionOptions {
  readonly heads: number;
  /** Positive */
  readonly scale: number;
  /** Softmax over each of so many equal groups of neighbouring keys by itself; 1 by default */
  readonly groups?: number;
  /** Of the weights, with one key for all of them; without a stream nothing is dropped. */
  readonly dropout?: { readonly rate: number; readonly random: Stream | undefined };
}

// A type and not an interface, so that TF.js takes it as what a tidied function returns.
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type AttentionOutput = {
  /** [B, Tq, H·d_v] */
  readonly mixed: tf.Tensor;
  /** The attention weights before any dropout [B, H, Tq, Tk]; not differentiated */
  readonly weights: tf.Tensor;
};

/**
 * Far below every product, so that a softmax gives exactly nothing, and finite, so that a query with nothing
 * but padding before it gets equal weights and not NaN.
 */
const never = -1e9;

/**
 * The offset with which nothing attends to padding.
 *
 * @param mask [B, Tk], 1 where a key is real and 0 where it is padding
 */
export function paddingOffset(mask: tf.Tensor): tf.Tensor {
  return tf.mul(tf.sub(1, tf.cast(mask, 'float32')), never);
}

/**
 * The pair offset with which nothing attends to the future: query i to key j only where j ≤ i + |Tk − Tq|.
 *
 * @returns [Tq, Tk]
 */
export function futureOffset(queries: number, keys: number): tf.Tensor {
  const values = new Float32Array(queries * keys);
  for (let query = 0; query < queries; query++) {
    const last = Math.min(keys - 1, query + Math.abs(keys - queries));
    values.fill(never, query * keys + last + 1, (query + 1) * keys);
  }
  return tf.tensor2d(values, [queries, keys]);
}

/**
 * softmax(scale·(Q·Kᵀ + c))·V
 *
 * @throws Error naming the shapes that do not go together, or a rate that is not in [0, 1)
 */
export function attention(inputs: AttentionInputs, options: AttentionOptions): AttentionOutput {
  const { query, key, value, offset, pairOffset } = inputs;
  const { heads, scale, groups = 1 } = options;
  const shared = query.shape[0] === 1;
  const { B, Tq, Tk, d, dv } = expectShapes('attention', {
    key: [key, 'B Tk d'],
    query: [query, shared ? '1 Tq d' : 'B Tq d'],
    value: [value, 'B Tk dv'],
  });
  if (offset) expectShapes('attention', { offset: [offset, 'B Tk'] }, { B, Tk });
  if (pairOffset) {
    expectShapes('attention', { pairOffset: [pairOffset, 'Tq Tk'] }, { Tq, Tk });
    if (offset) throw new Error('attention: takes an offset or a pairOffset, got both');
  }
  if (d % heads !== 0 || dv % heads !== 0 || Tk % groups !== 0) {
    throw new Error(
      `attention: ${heads} heads and ${groups} groups do not fit widths ${d}, ${dv} and ${Tk} keys`,
    );
  }
  const named: Tensors = {
    ...{ query, key, value },
    ...(offset ? { offset } : {}),
    ...(pairOffset ? { pairOffset } : {}),
  };
  const [mixed, weights] = attend(named, {
    ...{ heads, scale, groups, offset: offset !== undefined },
    ...droppedBy(options),
  });
  return { mixed: mixed!, weights: weights! };
}

/** What an attention drops; draws its key. */
const droppedBy = ({ dropout }: AttentionOptions) =>
  dropout && drawDropped('attention: dropout', dropout.rate, dropout.random);

/** The same as it is written; TF.js finds its gradient. The specification of `attention`. */
export function plainAttention(
  { query, key, value, offset, pairOffset }: AttentionInputs,
  options: AttentionOptions,
): AttentionOutput {
  const { heads, scale, groups = 1 } = options;
  const [batch, keys] = key.shape as [number, number];
  const split = (x: tf.Tensor) => {
    const [samples, tokens, width] = x.shape as [number, number, number];
    return tf.transpose(tf.reshape(x, [samples, tokens, heads, width / heads]), [0, 2, 1, 3]);
  };
  const all = query.shape[0] === batch ? query : tf.mul(query, tf.ones([batch, 1, 1]));
  const products = tf.matMul(split(all), split(key), false, true);
  const added = offset ? tf.reshape(offset, [batch, 1, 1, keys]) : pairOffset;
  const shifted = added ? tf.add(products, added) : products;
  const scores = tf.mul(shifted, scale);
  const grouped = tf.reshape(scores, [batch, heads, -1, groups, keys / groups]);
  const weights = tf.reshape(tf.softmax(grouped), scores.shape);
  const dropped = droppedBy(options);
  const mixing = dropped ? tf.mul(weights, dropoutFactors(weights.shape, dropped)) : weights;
  const mixed = tf.transpose(tf.matMul(mixing, split(value)), [0, 2, 1, 3]);
  return { mixed: tf.reshape(mixed, [batch, query.shape[1]!, -1]), weights };
}

const attend = defineOperation({
  name: 'Attention',
  compute: ({ query, key, value, offset, pairOffset }, attributes) => {
    const { heads, scale, groups } = attributes;
    const { h, q, split, join, inGroups } = notation(
      query!,
      key!,
      heads as number,
      groups as number,
    );
    const products = contract(`${q}q${h}j,bk${h}j->b${h}qk`, split(query!, q), split(key!));
    const added = offset ? tf.reshape(offset, ofKeys(products)) : pairOffset;
    const shifted = added ? tf.add(products, added) : products;
    const scores = tf.mul(shifted, scale as number);
    const weights = tf.reshape(tf.softmax(inGroups(scores)), scores.shape);
    const mixed = contract(
      `b${h}qk,bk${h}j->bq${h}j`,
      dropping(attributes)(weights),
      split(value!),
    );
    return [join(mixed), h ? weights : tf.expandDims(weights, 1)];
  },
  kernels: (device, { query, key, value, offset, pairOffset }, attributes) => {
    const { heads, scale, groups } = attributes;
    const sizes = sizesOf(query!, value!, heads as number);
    const { batch, queries, keys, depth, valueDepth, q, k, v, out, p } = sizes;
    const mixed = device.output([batch, queries, out.row]);
    const weights = device.output([batch, sizes.heads, queries, keys]);
    const places = { batch, heads: sizes.heads };
    device.gemm({
      ...places,
      rows: queries,
      columns: keys,
      depth,
      ...(offset ? { bias: { at: offset, batch: keys } } : {}),
      ...(pairOffset ? { bias: { at: pairOffset, row: keys } } : {}),
      a: { at: query!, ...q, column: 1 },
      b: { at: key!, ...k, row: 1, column: k.row },
      c: { at: weights, ...p },
    });
    const forSoftmax = [groups, scale] as [number, number];
    softmaxRows(device, 'softmax', sizes, ...forSoftmax, [weights]);
    const mix = (by: tf.TensorInfo) => {
      device.gemm({
        ...places,
        rows: queries,
        columns: valueDepth,
        depth: keys,
        a: { at: by, ...p, column: 1 },
        b: { at: value!, ...v, column: 1 },
        c: { at: mixed, ...out },
      });
    };
    const dropped = droppedOf(attributes);
    if (!dropped) mix(weights);
    else {
      device.temporary(batch * p.batch, (kept) => {
        dropByKernel(device, dropped, weights, kept);
        mix(kept);
      });
    }
    return [mixed, weights];
  },
  gradient: {
    inputsToSave: ['query', 'key', 'value'],
    outputsToSave: [false, true],
    gradFunc: (dys, [query, key, value, weights], attributes) => {
      const dy = (dys as unknown as tf.Tensor[])[0]!;
      const inputs = { query: query!, key: key!, value: value!, weights: weights!, dy };
      const [dquery, dkey, dvalue, doffset] = attendGradient(inputs, attributes as Attributes);
      // None of a pair offset: TF.js refuses to differentiate by it.
      return {
        query: () => dquery!,
        key: () => dkey!,
        value: () => dvalue!,
        offset: () => doffset!,
      };
    },
  },
});

/** The shape [B, 1, .., Tk] of an offset, for scores [B, .., Tk] */
const ofKeys = ({ shape }: tf.Tensor) =>
  shape.map((size, axis) => (axis === 0 || axis === shape.length - 1 ? size : 1));
