/**
 * The core of attention, softmax(scale·Q·Kᵀ + c)·V by head, without linears: the middle of every form of
 * cross-attention (crossAttention.ts), with the gradient in closed form.
 */
import { defineOperation, type Attributes, type Infos, type Tensors } from './operation.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';
import { gemm } from './wasm/gemm.js';
import type { Address, Team } from './wasm/team.js';

export interface AttentionInputs {
  /** Q [B, Tq, H·d_h], or [1, Tq, H·d_h] where the batch shares its queries */
  readonly query: tf.Tensor;
  /** K [B, Tk, H·d_h] */
  readonly key: tf.Tensor;
  /** V [B, Tk, H·d_v] */
  readonly value: tf.Tensor;
  /** c [B, Tk], added to the scores of every query; only with one head */
  readonly offset?: tf.Tensor;
}

export interface AttentionOptions {
  readonly heads: number;
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

/** softmax(scale·Q·Kᵀ + c)·V */
export function attention(inputs: AttentionInputs, options: AttentionOptions): AttentionOutput {
  const { query, key, value, offset } = inputs;
  const { heads, scale, groups = 1 } = options;
  const shared = query.shape[0] === 1;
  const { B, Tk, d, dv } = expectShapes('attention', {
    key: [key, 'B Tk d'],
    query: [query, shared ? '1 Tq d' : 'B Tq d'],
    value: [value, 'B Tk dv'],
  });
  if (offset) expectShapes('attention', { offset: [offset, 'B Tk'] }, { B, Tk });
  if (d % heads !== 0 || dv % heads !== 0 || Tk % groups !== 0 || (offset && heads > 1)) {
    throw new Error(
      `attention: ${heads} heads and ${groups} groups do not fit widths ${d}, ${dv} and ${Tk} keys`,
    );
  }
  const named: Tensors = { query, key, value, ...(offset ? { offset } : {}) };
  const [mixed, weights] = attend(named, { heads, scale, groups, offset: offset !== undefined });
  return { mixed: mixed!, weights: weights! };
}

/** The same as it is written; TF.js finds its gradient. The specification of `attention`. */
export function plainAttention(
  { query, key, value, offset }: AttentionInputs,
  { heads, scale, groups = 1 }: AttentionOptions,
): AttentionOutput {
  const weights = groupedSoftmax(scores({ query, key, offset }, heads, scale), groups);
  return { mixed: joinHeads(tf.matMul(weights, splitHeads(value, heads))), weights };
}

/** [B, T, H·d_h] → [B, H, T, d_h] */
function splitHeads(x: tf.Tensor, heads: number): tf.Tensor {
  const [batch, tokens, width] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [batch, tokens, heads, width / heads]), [0, 2, 1, 3]);
}

/** [B, H, T, d_h] → [B, T, H·d_h] */
function joinHeads(x: tf.Tensor): tf.Tensor {
  const [batch, heads, tokens, width] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, tokens, heads * width]);
}

function scores(
  { query, key, offset }: { query: tf.Tensor; key: tf.Tensor; offset: tf.Tensor | undefined },
  heads: number,
  scale: number,
): tf.Tensor {
  const batch = key.shape[0];
  const all = query.shape[0] === batch ? query : tf.mul(query, tf.ones([batch, 1, 1]));
  const products = tf.matMul(
    tf.mul(splitHeads(all, heads), scale),
    splitHeads(key, heads),
    false,
    true,
  );
  return offset ? tf.add(products, tf.reshape(offset, [batch, 1, 1, -1])) : products;
}

function groupedSoftmax(x: tf.Tensor, groups: number): tf.Tensor {
  if (groups === 1) return tf.softmax(x);
  const [batch, heads, queries, keys] = x.shape as [number, number, number, number];
  return tf.reshape(tf.softmax(tf.reshape(x, [batch, heads, queries * groups, -1])), [
    batch,
    heads,
    queries,
    keys,
  ]);
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
  compute: ({ query, key, value, offset }, attributes) => {
    const options = attributes as unknown as AttentionOptions;
    const output = plainAttention(
      { query: query!, key: key!, value: value!, ...(offset ? { offset } : {}) },
      options,
    );
    return [output.mixed, output.weights];
  },
  wasm: (team, { query, key, value, offset }, { heads, scale, groups }) => {
    const sizes = sizesOf(query!, value!, heads as number);
    const { batch, queries, keys, depth, valueDepth, q, k, v, out, p } = sizes;
    const mixed = team.output([batch, queries, out.row]);
    const weights = team.output([batch, sizes.heads, queries, keys]);
    const places = { batch, heads: sizes.heads };
    gemm(team, {
      ...places,
      rows: queries,
      columns: keys,
      depth,
      scale: scale as number,
      ...(offset ? { bias: { at: team.address(offset), batch: keys } } : {}),
      a: { at: team.address(query!), ...q, column: 1 },
      b: { at: team.address(key!), ...k, row: 1, column: k.row },
      c: { at: team.address(weights), ...p },
    });
    softmaxRows(team, 'softmax', sizes, groups as number, [team.address(weights)]);
    gemm(team, {
      ...places,
      rows: queries,
      columns: valueDepth,
      depth: keys,
      a: { at: team.address(weights), ...p, column: 1 },
      b: { at: team.address(value!), ...v, column: 1 },
      c: { at: team.address(mixed), ...out },
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
      return {
        query: () => dquery!,
        key: () => dkey!,
        value: () => dvalue!,
        offset: () => doffset!,
      };
    },
  },
});

/** dV = Pᵀ·dY; dS = P·(dP − Σ P·dP) with dP = dY·Vᵀ; dQ = scale·dS·K; dK = scale·dSᵀ·Q; dc = Σ_queries dS */
const attendGradient = defineOperation({
  name: 'AttentionGradient',
  compute: (inputs, attributes) => gradientFromOperations(inputs, attributes),
  wasm: (team, inputs, attributes) => gradientOnWasm(team, inputs, attributes),
});

function gradientFromOperations(
  { query, key, value, weights, dy }: Tensors,
  { heads, scale, groups, offset }: Attributes,
): tf.Tensor[] {
  const batch = key!.shape[0];
  const [H, G] = [heads as number, groups as number];
  const dOut = splitHeads(dy!, H);
  const dvalue = joinHeads(tf.matMul(weights!, dOut, true, false));
  const dweights = tf.matMul(dOut, splitHeads(value!, H), false, true);
  const grouped = (x: tf.Tensor) =>
    G === 1 ? x : tf.reshape(x, [...x.shape.slice(0, 2), x.shape[2]! * G, -1]);
  const products = grouped(tf.mul(weights!, dweights));
  const sums = tf.sum(products, -1, true);
  const dscores = tf.reshape(tf.sub(products, tf.mul(grouped(weights!), sums)), weights!.shape);
  const shared = query!.shape[0] < batch;
  const dkey = shared
    ? tf.matMul(dscores, tf.mul(splitHeads(query!, H), tf.ones([batch, 1, 1, 1])), true, false)
    : tf.matMul(dscores, splitHeads(query!, H), true, false);
  const each = joinHeads(tf.matMul(dscores, splitHeads(key!, H)));
  return [
    tf.mul(shared ? tf.sum(each, 0, true) : each, scale as number),
    tf.mul(joinHeads(dkey), scale as number),
    dvalue,
    offset ? tf.sum(dscores, [1, 2]) : tf.zeros([0]),
  ];
}

function gradientOnWasm(
  team: Team,
  { query, key, value, weights, dy }: Infos,
  { heads, scale, groups, offset }: Attributes,
): tf.TensorInfo[] {
  const sizes = sizesOf(query!, value!, heads as number);
  const { batch, queries, keys, depth, valueDepth, shared, q, k, v, out, p } = sizes;
  const dquery = team.output(query!.shape);
  const dkey = team.output(key!.shape);
  const dvalue = team.output(value!.shape);
  const doffset = team.output(offset ? [batch, keys] : [0]);
  const places = { batch, heads: sizes.heads };
  const P = team.address(weights!);
  const dY = team.address(dy!);
  gemm(team, {
    ...places,
    rows: keys,
    columns: valueDepth,
    depth: queries,
    a: { at: P, ...p, row: 1, column: p.row },
    b: { at: dY, ...out, column: 1 },
    c: { at: team.address(dvalue), ...v },
  });
  team.temporary(batch * p.batch, (dS) => {
    gemm(team, {
      ...places,
      rows: queries,
      columns: keys,
      depth: valueDepth,
      a: { at: dY, ...out, column: 1 },
      b: { at: team.address(value!), ...v, row: 1, column: v.row },
      c: { at: dS, ...p },
    });
    softmaxRows(team, 'softmaxGradient', sizes, groups as number, [P, dS], [1]);
    gemm(team, {
      ...(shared ? { heads: sizes.heads, terms: batch } : places),
      rows: queries,
      columns: depth,
      depth: keys,
      scale: scale as number,
      a: { at: dS, ...p, column: 1, term: p.batch },
      b: { at: team.address(key!), ...k, column: 1, term: k.batch },
      c: { at: team.address(dquery), ...q },
    });
    gemm(team, {
      ...places,
      rows: keys,
      columns: depth,
      depth: queries,
      scale: scale as number,
      a: { at: dS, ...p, row: 1, column: p.row },
      b: { at: team.address(query!), ...q, column: 1 },
      c: { at: team.address(dkey), ...k },
    });
    if (!offset) return;
    // Sums over all queries: the product with a row of ones.
    gemm(team, {
      batch,
      rows: 1,
      columns: keys,
      depth: sizes.heads * queries,
      a: { at: team.one, row: 0, column: 0 },
      b: { at: dS, row: keys, column: 1, batch: p.batch },
      c: { at: team.address(doffset), row: keys, batch: keys },
    });
  });
  return [dquery, dkey, dvalue, doffset];
}

function softmaxRows(
  team: Team,
  kernel: 'softmax' | 'softmaxGradient',
  { batch, heads, queries, keys }: ReturnType<typeof sizesOf>,
  groups: number,
  addresses: Address[],
  reals?: number[],
): void {
  team.runOnRows(kernel, batch * heads * queries * groups, keys / groups, addresses, reals);
}
