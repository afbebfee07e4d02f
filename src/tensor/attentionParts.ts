/** What attention (attention.ts) and its gradient have in common. */
import { droppedOf, dropoutFactors } from './dropout.js';
import type { KernelDevice } from './kernelDevice.js';
import type { Attributes } from './operation.js';
import { tf } from './tf.js';

/** The sizes of one call, and where heads and rows lie in it. */
export function sizesOf(query: tf.TensorInfo, value: tf.TensorInfo, heads: number) {
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

/**
 * What equations and shapes depend on: with one head there is no letter h, and queries that the batch
 * shares have no letter b.
 */
export function notation(query: tf.Tensor, key: tf.Tensor, heads: number, groups: number) {
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

/** Multiplies by what dropout multiplies by, which is made once for all that are given; without dropout nothing. */
export function dropping(attributes: Attributes): (weights: tf.Tensor) => tf.Tensor {
  const dropped = droppedOf(attributes);
  if (!dropped) return (weights) => weights;
  let factors: tf.Tensor | undefined;
  return (weights) => tf.mul(weights, (factors ??= dropoutFactors(weights.shape, dropped)));
}

export function softmaxRows(
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
