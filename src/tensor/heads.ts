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
import { defineOperation, type Attributes } from './operation.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';
import { gemm } from './wasm/gemm.js';

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

/** [B, L, H·d_h] → [H, B·L, d_h] */
function headsFirst(x: tf.Tensor, heads: number): tf.Tensor {
  const [batch, tokens, width] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [batch * tokens, heads, width / heads]), [1, 0, 2]);
}

/** [d, H·d_h] → [H, d, d_h] */
const weightByHead = (weight: tf.Tensor, heads: number) =>
  tf.transpose(tf.reshape(weight, [weight.shape[0], heads, -1]), [1, 0, 2]);

/** [B, H·L, d] → [H, B·L, d] */
function bigHeadsFirst(m: tf.Tensor, heads: number): tf.Tensor {
  const [batch, rows, width] = m.shape as [number, number, number];
  const split = tf.reshape(m, [batch, heads, rows / heads, width]);
  return tf.reshape(tf.transpose(split, [1, 0, 2, 3]), [heads, -1, width]);
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
    const [batch, tokens] = x!.shape as [number, number];
    const H = heads as number;
    const products = tf.matMul(headsFirst(x!, H), weightByHead(weight!, H), false, true);
    const split = tf.reshape(products, [H, batch, tokens, -1]);
    return tf.reshape(tf.transpose(split, [1, 0, 2, 3]), [batch, H * tokens, -1]);
  },
  wasm: (team, { x, weight }, { heads }) => {
    const [batch, tokens, all] = x!.shape as [number, number, number];
    const [width] = weight!.shape as [number];
    const H = heads as number;
    const sizes = { batch, tokens, heads: H, width, depth: all / H };
    const { small, big, weight: w } = places(sizes);
    const y = team.output([batch, H * tokens, width]);
    gemm(team, {
      batch,
      heads: H,
      rows: tokens,
      columns: width,
      depth: sizes.depth,
      a: { at: team.address(x!), ...small },
      b: { at: team.address(weight!), row: 1, column: w.row, head: w.head },
      c: { at: team.address(y), ...big },
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
    const [batch, rows] = m!.shape as [number, number];
    const products = tf.matMul(bigHeadsFirst(m!, H), weightByHead(weight!, H));
    return tf.reshape(tf.transpose(products, [1, 0, 2]), [batch, rows / H, -1]);
  },
  wasm: (team, { m, weight }, { heads }) => {
    const [batch, rows, width] = m!.shape as [number, number, number];
    const [, all] = weight!.shape as [number, number];
    const H = heads as number;
    const sizes = { batch, tokens: rows / H, heads: H, width, depth: all / H };
    const { small, big, weight: w } = places(sizes);
    const y = team.output([batch, sizes.tokens, all]);
    gemm(team, {
      batch,
      heads: H,
      rows: sizes.tokens,
      columns: sizes.depth,
      depth: width,
      a: { at: team.address(m!), ...big },
      b: { at: team.address(weight!), ...w },
      c: { at: team.address(y), ...small },
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
    const products = tf.matMul(bigHeadsFirst(m!, H), headsFirst(x!, H), true, false);
    return tf.reshape(tf.transpose(products, [1, 0, 2]), [m!.shape[2]!, x!.shape[2]!]);
  },
  wasm: (team, { m, x }, { heads }) => {
    const [batch, tokens, all] = x!.shape as [number, number, number];
    const [, , width] = m!.shape as [number, number, number];
    const H = heads as number;
    const sizes = { batch, tokens, heads: H, width, depth: all / H };
    const { small, big, weight } = places(sizes);
    const dw = team.output([width, all]);
    gemm(team, {
      heads: H,
      terms: batch,
      rows: width,
      columns: sizes.depth,
      depth: tokens,
      a: { at: team.address(m!), row: 1, column: big.row, head: big.head, term: big.batch },
      b: { at: team.address(x!), ...small, batch: 0, term: small.batch },
      c: { at: team.address(dw), ...weight },
    });
    return dw;
  },
});
