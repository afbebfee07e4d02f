/** Layer normalisation (Ba, Kiros and Hinton 2016). */
import { withGradient } from './custom.js';
import { ones, zeros, type Parameters } from './parameters.js';
import { tf } from './tf.js';

/** Declares `{name}.weight` [width], ones, and `{name}.bias` [width], zeros. */
export function addLayerNorm(parameters: Parameters, name: string, width: number): void {
  parameters.add(`${name}.weight`, [width], ones);
  parameters.add(`${name}.bias`, [width], zeros);
}

/**
 * y = (x − mean) / √(variance + ε) · weight + bias over the last axis.
 *
 * @param x [..., width]
 * @returns [..., width]
 */
export function layerNorm(
  parameters: Parameters,
  name: string,
  x: tf.Tensor,
  epsilon = 1e-5,
): tf.Tensor {
  const normalised = normalise(x, epsilon);
  return tf.add(
    tf.mul(normalised, parameters.get(`${name}.weight`)),
    parameters.get(`${name}.bias`),
  );
}

/**
 * x̂ = (x − mean)/σ over the last axis, with the closed gradient
 * dx = (dx̂ − mean(dx̂) − x̂·mean(dx̂·x̂))/σ instead of the dozen ops that the tape would record.
 */
function normalise(x: tf.Tensor, epsilon: number): tf.Tensor {
  return withGradient(
    [x],
    (save) => {
      const centred = tf.sub(x, tf.mean(x, -1, true));
      const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
      const normalised = tf.mul(centred, inverse);
      save([normalised, inverse]);
      return normalised;
    },
    (dy, saved) => {
      const [normalised, inverse] = saved as [tf.Tensor, tf.Tensor];
      const along = tf.mul(normalised, tf.mean(tf.mul(dy, normalised), -1, true));
      return [tf.mul(inverse, tf.sub(tf.sub(dy, tf.mean(dy, -1, true)), along))];
    },
  );
}
