/**
 * Alignment (Eq. 7 and 8): the projected tokens are pulled towards the real ones.
 *
 *   L_align = 1/|𝒦| · Σ_{m∈𝒦} SmoothL1(T_m, T̂_m)    0 where 𝒦 is empty
 *   L       = L_task + λ·L_align
 *
 * D5: the target T_m is not differentiated. D6: λ = 1 by default.
 */
import { withGradient } from '../tensor/custom.js';
import { expectShapes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';

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
      const error = tf.sub(predicted, target);
      // With c = error clipped to ±1, both branches are c·(error − c/2), and dL/d(error) is c.
      const clipped = tf.clipByValue(error, -1, 1);
      save([clipped]);
      return tf.mean(tf.mul(clipped, tf.sub(error, tf.mul(clipped, 0.5))));
    },
    (dy, saved) => {
      const [clipped] = saved as [tf.Tensor];
      return [tf.mul(clipped, tf.div(dy, clipped.size))];
    },
  );
}

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
