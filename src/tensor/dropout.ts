/** Dropout (Srivastava et al. 2014). */
import type { Stream } from './random.js';
import { tf } from './tf.js';

/**
 * Zeroes values with a probability of `rate` and divides the others by 1 − rate.
 *
 * @param random without it nothing is dropped
 */
export function dropout(x: tf.Tensor, rate: number, random: Stream | undefined): tf.Tensor {
  if (!random || rate === 0) return x;
  const mask = Float32Array.from({ length: x.size }, () =>
    random.uniform() < rate ? 0 : 1 / (1 - rate),
  );
  return tf.mul(x, tf.tensor(mask, x.shape));
}
