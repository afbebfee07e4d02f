/** GELU in its exact form (Hendrycks and Gimpel 2016). */
import { withGradient } from './custom.js';
import { tf } from './tf.js';

/**
 * GELU(x) = x·Φ(x) with Φ the normal distribution function, by erf and not by the tanh
 * approximation (D4). Its derivative Φ(x) + x·φ(x) reuses Φ, since erf is the costly part.
 *
 * @param x any shape
 * @returns the same shape
 */
export function gelu(x: tf.Tensor): tf.Tensor {
  return withGradient(
    [x],
    (save) => {
      const distribution = tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
      save([x, distribution]);
      return tf.mul(x, distribution);
    },
    (dy, saved) => {
      const [x, distribution] = saved as [tf.Tensor, tf.Tensor];
      const density = tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
      return [tf.mul(dy, tf.add(distribution, tf.mul(x, density)))];
    },
  );
}
