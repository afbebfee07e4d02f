/**
 * Products by head with a weight w [d, H·d_h], the two ways through it. With x [B, L, H·d_h] and
 * m [B, H·L, d], heads first:
 *
 *   expandHeads    y[b, (h, l), c] = Σ_j x[b, l, (h, j)]·w[c, (h, j)]      [B, H·L, d]
 *   contractHeads  y[b, l, (h, j)] = Σ_c m[b, (h, l), c]·w[c, (h, j)]      [B, L, H·d_h]
 *
 * Each is the gradient of the other. They let attention keep clear of products with all tokens
 * (crossAttention.ts).
 */
import { contract as sumOfProducts } from './contract.js';
import { defineOperation, type Attributes } from './operation.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';

/**
 * @param x [B, L, H·d_h]
 * @param weight [d, H·d_h]
 * @returns [B, H·L, d]
 */
export function expandHeads(x: tf.Tensor, weight: tf.Tensor, heads: number): tf.Tensor {
  expectShapes('expandHeads', { x: [x, 'B L w'], weight: [weight, 'd w'] });
  return expand({ x, weight }, { heads })[0]!;
}

/**
 * @param m [B, H·L, d]
 * @param weight [d, H·d_h]
 * @returns [B, L, H·d_h]
 */
export function contractHeads(m: tf.Tensor, weight: tf.Tensor, heads: number): tf.Tensor {
  expectShapes('contractHeads', { m: [m, 'B T d'], weight: [weight, 'd w'] });
  return contract({ m, weight }, { heads })[0]!;
}

/** [.., H·x] → [.., H, x] */
const splitLast = (x: tf.Tensor, heads: number) =>
  tf.reshape(x, [...x.shape.slice(0, -1), heads, x.shape[x.rank - 1]! / heads]);

/** [B, H·L, d] → [B, H, L, d] */
function splitRows(m: tf.Tensor, heads: number): tf.Tensor {
  const [batch, rows, width] = m.shape as [number, number, number];
  return tf.reshape(m, [batch, heads, rows / heads, width]);
}

interface Sizes {
  readonly batch: number;
  readonly tokens: number;
  readonly heads: number;
  readonly width: number;
  /** d_h */
  readonly depth: number;
}

/** Where the parts of x, m and w lie. */
const places = ({ tokens, heads, width, depth }: Sizes) => ({
  small: { row: heads * depth, column: 1, batch: tokens * heads * depth, head: depth },
  big: { row: width, column: 1, batch: heads * tokens * width, head: tokens * width },
  weight: { row: heads * depth, column: 1, head: depth },
});

const expand = defineOperation({
  name: 'ExpandHeads',
  compute: ({ x, weight }, { heads }) => {
    const [small, w] = [x!, weight!].map((tensor) => splitLast(tensor, heads as number));
    const y = sumOfProducts('blhj,chj->bhlc', small!, w!);
    const [batch, H, tokens, width] = y.shape as [number, number, number, number];
    return tf.reshape(y, [batch, H * tokens, width]);
  },
  kernels: (device, { x, weight }, { heads }) => {
    const [batch, tokens, all] = x!.shape as [number, number, number];
    const [width] = weight!.shape as [number];
    const H = heads as number;
    const sizes = { batch, tokens, heads: H, width, depth: all / H };
    const { small, big, weight: w } = places(sizes);
    const y = device.output([batch, H * tokens, width]);
    device.gemm({
      batch,
      heads: H,
      rows: tokens,
      columns: width,
      depth: sizes.depth,
      a: { at: x!, ...small },
      b: { at: weight!, row: 1, column: w.row, head: w.head },
      c: { at: y, ...big },
    });
    return y;
  },
  gradient: {
    inputsToSave: ['x', 'weight'],
    gradFunc: (dys, [x, weight], attributes) => {
      const dy = dys as tf.Tensor;
      return {
        x: () => contract({ m: dy, weight: weight! }, attributes as Attributes)[0]!,
        weight: () => headWeights({ m: dy, x: x! }, attributes as Attributes)[0]!,
      };
    },
  },
});

const contract = defineOperation({
  name: 'ContractHeads',
  compute: ({ m, weight }, { heads }) => {
    const H = heads as number;
    const y = sumOfProducts('bhlc,chj->blhj', splitRows(m!, H), splitLast(weight!, H));
    return tf.reshape(y, [y.shape[0], y.shape[1]!, -1]);
  },
  kernels: (device, { m, weight }, { heads }) => {
    const [batch, rows, width] = m!.shape as [number, number, number];
    const [, all] = weight!.shape as [number, number];
    const H = heads as number;
    const sizes = { batch, tokens: rows / H, heads: H, width, depth: all / H };
    const { small, big, weight: w } = places(sizes);
    const y = device.output([batch, sizes.tokens, all]);
    device.gemm({
      batch,
      heads: H,
      rows: sizes.tokens,
      columns: sizes.depth,
      depth: width,
      a: { at: m!, ...big },
      b: { at: weight!, ...w },
      c: { at: y, ...small },
    });
    return y;
  },
  gradient: {
    inputsToSave: ['m', 'weight'],
    gradFunc: (dys, [m, weight], attributes) => {
      const dy = dys as tf.Tensor;
      return {
        m: () => expand({ x: dy, weight: weight! }, attributes as Attributes)[0]!,
        weight: () => headWeights({ m: m!, x: dy }, attributes as Attributes)[0]!,
      };
    },
  },
});

/** The gradient of w in both: dw[c, (h, j)] = Σ_{b, l} m[b, (h, l), c]·x[b, l, (h, j)] */
const headWeights = defineOperation({
  name: 'HeadWeights',
  compute: ({ m, x }, { heads }) => {
    const H = heads as number;
    const dw = sumOfProducts('bhlc,blhj->chj', splitRows(m!, H), splitLast(x!, H));
    return tf.reshape(dw, [dw.shape[0], -1]);
  },
  kernels: (device, { m, x }, { heads }) => {
    const [batch, tokens, all] = x!.shape as [number, number, number];
    const [, , width] = m!.shape as [number, number, number];
    const H = heads as number;
    const sizes = { batch, tokens, heads: H, width, depth: all / H };
    const { small, big, weight } = places(sizes);
    const dw = device.output([width, all]);
    device.gemm({
      heads: H,
      terms: batch,
      rows: width,
      columns: sizes.depth,
      depth: tokens,
      a: { at: m!, row: 1, column: big.row, head: big.head, term: big.batch },
      b: { at: x!, ...small, batch: 0, term: small.batch },
      c: { at: dw, ...weight },
    });
    return dw;
  },
});
