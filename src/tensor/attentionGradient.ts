/** The gradient of attention (attention.ts) in closed form. */
import { dropping, notation, sizesOf, softmaxRows } from './attentionParts.js';
import { contract } from './contract.js';
import { dropByKernel, droppedOf } from './dropout.js';
import type { KernelDevice } from './kernelDevice.js';
import { defineOperation, type Attributes, type Infos, type Tensors } from './operation.js';
import { tf } from './tf.js';

/**
 * dV = (P∘M)ᵀ·dY; dS = scale·P∘(dP − Σ P∘dP) with dP = (dY·Vᵀ)∘M; dQ = dS·K; dK = dSᵀ·Q; dc = Σ_queries dS, where M
 * is what dropout multiplies weights by, all 1 without it
 */
export const attendGradient = defineOperation({
  name: 'AttentionGradient',
  compute: (inputs, attributes) => gradientFromOperations(inputs, attributes),
  kernels: (device, inputs, attributes) => gradientFromKernels(device, inputs, attributes),
});

function gradientFromOperations(
  { query, key, value, weights, dy }: Tensors,
  attributes: Attributes,
): tf.Tensor[] {
  const { heads, scale, groups, offset } = attributes;
  const { h, q, split, join, inGroups } = notation(query!, key!, heads as number, groups as number);
  const P = h ? weights! : tf.squeeze(weights!, [1]);
  const [Q, K, V, dY] = [split(query!, q), split(key!), split(value!), split(dy!)];
  const drop = dropping(attributes);
  const dV = contract(`b${h}qk,bq${h}j->bk${h}j`, drop(P), dY);
  const dP = drop(contract(`bq${h}j,bk${h}j->b${h}qk`, dY, V));
  const products = inGroups(tf.mul(P, dP));
  const change = tf.mul(inGroups(P), tf.sum(products, -1, true));
  const dS = tf.mul(tf.reshape(tf.sub(products, change), P.shape), scale as number);
  const dQ = contract(`b${h}qk,bk${h}j->${q}q${h}j`, dS, K);
  const dK = contract(`b${h}qk,${q}q${h}j->bk${h}j`, dS, Q);
  const dquery = tf.reshape(dQ, query!.shape);
  const ofOthers = dS.shape.slice(1, -1).map((_, axis) => axis + 1);
  return [dquery, join(dK), join(dV), offset ? tf.sum(dS, ofOthers) : tf.zeros([0])];
}

function gradientFromKernels(
  device: KernelDevice,
  { query, key, value, weights, dy }: Infos,
  attributes: Attributes,
): tf.TensorInfo[] {
  const { heads, scale, groups, offset } = attributes;
  const sizes = sizesOf(query!, value!, heads as number);
  const { batch, queries, keys, depth, valueDepth, shared, q, k, v, out, p } = sizes;
  const dquery = device.output(query!.shape);
  const dkey = device.output(key!.shape);
  const dvalue = device.output(value!.shape);
  const doffset = device.output(offset ? [batch, keys] : [0]);
  const places = { batch, heads: sizes.heads };
  const dropped = droppedOf(attributes);
  device.temporary(batch * p.batch, (dS) => {
    // Where the derivatives of the weights will be, there are the weights that mixed the values before.
    if (dropped) dropByKernel(device, dropped, weights!, dS);
    device.gemm({
      ...places,
      rows: keys,
      columns: valueDepth,
      depth: queries,
      a: { at: dropped ? dS : weights!, ...p, row: 1, column: p.row },
      b: { at: dy!, ...out, column: 1 },
      c: { at: dvalue, ...v },
    });
    device.gemm({
      ...places,
      rows: queries,
      columns: keys,
      depth: valueDepth,
      a: { at: dy!, ...out, column: 1 },
      b: { at: value!, ...v, row: 1, column: v.row },
      c: { at: dS, ...p },
    });
    if (dropped) dropByKernel(device, dropped, dS);
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
