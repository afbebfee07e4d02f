/**
 * Alignment (Eq. 7 and 8): the projected tokens are pulled towards the real ones.
 *
 *   L_align = 1/|𝒦| · Σ_{m∈𝒦} SmoothL1(T_m, T̂_m)    0 where 𝒦 is empty
 *   L       = L_task + λ·L_align
 *
 * D5: the target T_m is not differentiated. D6: λ = 1 by default.
 */
import { withGradient } from '../tensor/custom.js';
import { defineOperation } from '../tensor/operation.js';
import { expectShapes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';
import { valuesPerChunk } from '../tensor/kernelDevice.js';

/**
 * Smooth L1 with β = 1: ½e² where |e| < 1, else |e| − ½, e = T̂ − T, mean over all elements.
 *
 * @param target T_m [B, N_m, d_m], a constant (D5)
 * @param predicted T̂_m [B, N_m, d_m]
 * @returns a scalar
 */
export function smoothL1(target: tf.Tensor, predicted: tf.Tensor): tf.Tensor {
  const axes = target.shape.join(' ');
  expectShapes('smoothL1', { predicted: [predicted, axes] });
  return withGradient(
    [predicted],
    (save) => {
      save([target, predicted]);
      return runSmoothL1({ target, predicted })[0]!;
    },
    (dy, [target, predicted]) => smoothL1Gradient({ target: target!, predicted: predicted!, dy }),
  );
}

/** The same as it is written; TF.js finds its gradient, also of the target. The specification of `smoothL1`. */
export function plainSmoothL1(target: tf.Tensor, predicted: tf.Tensor): tf.Tensor {
  const size = tf.abs(tf.sub(predicted, target));
  // min(size, 1)·(size − min(size, 1)/2) is both branches in one.
  const clipped = tf.minimum(size, 1);
  return tf.mean(tf.mul(clipped, tf.sub(size, tf.mul(clipped, 0.5))));
}

const runSmoothL1 = defineOperation({
  name: 'SmoothL1',
  compute: ({ target, predicted }) => plainSmoothL1(target!, predicted!),
  kernels: (device, { target, predicted }) => {
    const loss = device.output([]);
    const size = tf.util.sizeFromShape(predicted!.shape);
    const chunks = Math.ceil(size / valuesPerChunk);
    // One sum a chunk, and then their mean: the order does not depend on who sums.
    device.temporary(chunks, (sums) => {
      device.overValues('smoothL1', size, [target!, predicted!, sums]);
      device.gemm({
        rows: 1,
        columns: 1,
        depth: chunks,
        scale: 1 / size,
        a: { at: device.one, row: 0, column: 0 },
        b: { at: sums, row: 1, column: 1 },
        c: { at: loss, row: 1 },
      });
    });
    return loss;
  },
});

/** dL/d(predicted) is the error clipped to ±1, over the number of elements. */
const smoothL1Gradient = defineOperation({
  name: 'SmoothL1Gradient',
  compute: ({ target, predicted, dy }) =>
    tf.mul(tf.clipByValue(tf.sub(predicted!, target!), -1, 1), tf.div(dy!, predicted!.size)),
  kernels: (device, { target, predicted, dy }) => {
    const gradient = device.output(predicted!.shape);
    const size = tf.util.sizeFromShape(predicted!.shape);
    device.overValues('smoothL1Gradient', size, [target!, predicted!, dy!, gradient], [1 / size]);
    return gradient;
  },
});

/**
 * L_align (Eq. 7).
 *
 * @param tokens T_m of at least every masked modality
 * @param projected T̂_m by masked modality
 * @returns a scalar
 */
export function alignmentLoss(
  tokens: Readonly<Record<string, tf.Tensor>>,
  projected: Readonly<Record<string, tf.Tensor>>,
): tf.Tensor {
  const losses = Object.entries(projected).map(([name, predicted]) => {
    const target = tokens[name];
    if (!target) throw new Error(`alignmentLoss: no real tokens of "${name}" to align with`);
    return smoothL1(target, predicted);
  });
  return losses.length === 0 ? tf.scalar(0) : tf.div(tf.addN(losses), losses.length);
}

/** L (Eq. 8). */
export function totalLoss(taskLoss: tf.Tensor, alignment: tf.Tensor, weight = 1): tf.Tensor {
  return tf.add(taskLoss, tf.mul(alignment, weight));
}
