/**
 * The core of attention, softmax(scale·(Q·Kᵀ + c))·V by head, without linears: the middle of every form of
 * cross-attention (crossAttention.ts), with the gradient in closed form.
 */
import { contract } from './contract.js';
import type { KernelDevice } from './kernelDevice.js';
import { defineOperation, type Attributes, type Infos, type Tensors } from './operation.js';
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
}

// A type and not an interface, so that TF.js takes it as what a tidied function returns.
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type AttentionOutput = {
  /** [B, Tq, H·d_v] */
  readonly mixed: tf.Tensor;
  /** The attention weights [B, H, Tq, Tk]; not differentiated */
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

/** softmax(scale·(Q·Kᵀ + c))·V */
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
  const [mixed, weights] = attend(named, { heads, scale, groups, offset: offset !== undefined });
  return { mixed: mixed!, weights: weights! };
}

/** The same as it is written; TF.js finds its gradient. The specification of `attention`. */
export function plainAttention(
  { query, key, value, offset, pairOffset }: AttentionInputs,
  { heads, scale, groups = 1 }: AttentionOptions,
): AttentionOutput {
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
  const mixed = tf.transpose(tf.matMul(weights, split(value)), [0, 2, 1, 3]);
  return { mixed: tf.reshape(mixed, [batch, query.shape[1]!, -1]), weights };
}

/** The sizes of one call, and where heads and rows lie in it. */
function sizesOf(query: tf.TensorInfo, value: tf.TensorInfo, heads: number) {
  const [batches, queries, width] = query.shape as [number, number, number];
  const [batch, keys, valueWidth] = value.shape as [number, number, number];
  return {
    batch,
    heads,
    queries,
    keys,
    shared: batches < batch,
    depth: width / heads,
    valueDepth: valueWidth / heads,
    q: { row: width, batch: batches < batch ? 0 : queries * width, head: width / heads },
    k: { row: width, batch: keys * width, head: width / heads },
    v: { row: valueWidth, batch: keys * valueWidth, head: valueWidth / heads },
    out: { row: valueWidth, batch: queries * valueWidth, head: valueWidth / heads },
    p: { row: keys, batch: heads * queries * keys, head: queries * keys },
  };
}

const attend = defineOperation({
  name: 'Attention',
  compute: ({ query, key, value, offset, pairOffset }, { heads, scale, groups }) => {
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
    const mixed = contract(`b${h}qk,bk${h}j->bq${h}j`, weights, split(value!));
    return [join(mixed), h ? weights : tf.expandDims(weights, 1)];
  },
  kernels: (device, { query, key, value, offset, pairOffset }, { heads, scale, groups }) => {
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
    device.gemm({
      ...places,
      rows: queries,
      columns: valueDepth,
      depth: keys,
      a: { at: weights, ...p, column: 1 },
      b: { at: value!, ...v, column: 1 },
      c: { at: mixed, ...out },
    });
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

/** dV = Pᵀ·dY; dS = scale·P·(dP − Σ P·dP) with dP = dY·Vᵀ; dQ = dS·K; dK = dSᵀ·Q; dc = Σ_queries dS */
const attendGradient = defineOperation({
  name: 'AttentionGradient',
  compute: (inputs, attributes) => gradientFromOperations(inputs, attributes),
  kernels: (device, inputs, attributes) => gradientFromKernels(device, inputs, attributes),
});

function gradientFromOperations(
  { query, key, value, weights, dy }: Tensors,
  { heads, scale, groups, offset }: Attributes,
): tf.Tensor[] {
  const { h, q, split, join, inGroups } = notation(query!, key!, heads as number, groups as number);
  const P = h ? weights! : tf.squeeze(weights!, [1]);
  const [Q, K, V, dY] = [split(query!, q), split(key!), split(value!), split(dy!)];
  const dV = contract(`b${h}qk,bq${h}j->bk${h}j`, P, dY);
  const dP = contract(`bq${h}j,bk${h}j->b${h}qk`, dY, V);
  const products = inGroups(tf.mul(P, dP));
  const change = tf.mul(inGroups(P), tf.sum(products, -1, true));
  const dS = tf.mul(tf.reshape(tf.sub(products, change), P.shape), scale as number);
  const dQ = contract(`b${h}qk,bk${h}j->${q}q${h}j`, dS, K);
  const dK = contract(`b${h}qk,${q}q${h}j->bk${h}j`, dS, Q);
  const dquery = tf.reshape(dQ, query!.shape);
  const ofOthers = dS.shape.slice(1, -1).map((_, axis) => axis + 1);
  return [dquery, join(dK), join(dV), offset ? tf.sum(dS, ofOthers) : tf.zeros([0])];
}

/** The shape [B, 1, .., Tk] of an offset, for scores [B, .., Tk] */
const ofKeys = ({ shape }: tf.Tensor) =>
  shape.map((size, axis) => (axis === 0 || axis === shape.length - 1 ? size : 1));

/**
 * What equations and shapes depend on: with one head there is no letter h, and queries that the batch
 * shares have no letter b.
 */
function notation(query: tf.Tensor, key: tf.Tensor, heads: number, groups: number) {
  const h = heads === 1 ? '' : 'h';
  const q = query.shape[0] < key.shape[0] ? '' : 'b';
  return {
    h,
    q,
    /** [B, T, H·x] → [B, T, H, x]; without b, [T, H, x] */
    split: (x: tf.Tensor, batch = 'b') => {
      const shape = batch ? x.shape : x.shape.slice(1);
      const last = shape[shape.length - 1]!;
      const unchanged = batch && !h;
      return unchanged
        ? x
        : tf.reshape(x, [...shape.slice(0, -1), ...(h ? [heads] : []), last / heads]);
    },
    /** [B, T, H, x] → [B, T, H·x] */
    join: (x: tf.Tensor) => (h ? tf.reshape(x, [x.shape[0], x.shape[1]!, -1]) : x),
    /** [.., keys] → [.., groups, keys of a group] */
    inGroups: (x: tf.Tensor) =>
      groups === 1
        ? x
        : tf.reshape(x, [...x.shape.slice(0, -1), groups, x.shape[x.rank - 1]! / groups]),
  };
}

function gradientFromKernels(
  device: KernelDevice,
  { query, key, value, weights, dy }: Infos,
  { heads, scale, groups, offset }: Attributes,
): tf.TensorInfo[] {
  const sizes = sizesOf(query!, value!, heads as number);
  const { batch, queries, keys, depth, valueDepth, shared, q, k, v, out, p } = sizes;
  const dquery = device.output(query!.shape);
  const dkey = device.output(key!.shape);
  const dvalue = device.output(value!.shape);
  const doffset = device.output(offset ? [batch, keys] : [0]);
  const places = { batch, heads: sizes.heads };
  device.gemm({
    ...places,
    rows: keys,
    columns: valueDepth,
    depth: queries,
    a: { at: weights!, ...p, row: 1, column: p.row },
    b: { at: dy!, ...out, column: 1 },
    c: { at: dvalue, ...v },
  });
  device.temporary(batch * p.batch, (dS) => {
    device.gemm({
      ...places,
      rows: queries,
      columns: keys,
      depth: valueDepth,
      a: { at: dy!, ...out, column: 1 },
      b: { at: value!, ...v, row: 1, column: v.row },
      c: { at: dS, ...p },
    });
    const forSoftmax = [groups, scale] as [number, number];
    softmaxRows(device, 'softmaxGradient', sizes, ...forSoftmax, [weights!, dS]);
    device.gemm({
      ...(shared ? { heads: sizes.heads, terms: batch } : places),
      rows: queries,
      columns: depth,
      depth: keys,
      a: { at: dS, ...p, column: 1, term: p.batch },
      b: { at: key!, ...k, column: 1, term: k.batch },
      c: { at: dquery, ...q },
    });
    device.gemm({
      ...places,
      rows: keys,
      columns: depth,
      depth: queries,
      a: { at: dS, ...p, row: 1, column: p.row },
      b: { at: query!, ...q, column: 1 },
      c: { at: dkey, ...k },
    });
    if (!offset) return;
    // Sums over all queries: the product with a row of ones.
    device.gemm({
      batch,
      rows: 1,
      columns: keys,
      depth: sizes.heads * queries,
      a: { at: device.one, row: 0, column: 0 },
      b: { at: dS, row: keys, column: 1, batch: p.batch },
      c: { at: doffset, row: keys, batch: keys },
    });
  });
  return [dquery, dkey, dvalue, doffset];
}

function softmaxRows(
  device: KernelDevice,
  kernel: 'softmax' | 'softmaxGradient',
  { batch, heads, queries, keys }: ReturnType<typeof sizesOf>,
  groups: number,
  scale: number,
  tensors: tf.TensorInfo[],
): void {
  const rows = batch * heads * queries * groups;
  device.overRows(kernel, rows, keys / groups, tensors, [scale]);
}
