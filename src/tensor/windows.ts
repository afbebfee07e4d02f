/** Windows over time: a convolution over them is one matrix product. */
import { tf } from './tf.js';

/**
 * Every run of `length` neighbouring time steps, one behind the other; values go by step, then feature.
 *
 * @param x [B, T, F], T ≥ length
 * @returns [B, T − length + 1, length·F]
 */
export function windows(x: tf.Tensor, length: number): tf.Tensor {
  const [batch, steps, features] = x.shape as [number, number, number];
  if (steps < length) {
    throw new Error(`windows: ${steps} steps are fewer than the ${length} of a window`);
  }
  const count = steps - length + 1;
  const shifted = Array.from({ length }, (_, step) =>
    tf.slice(x, [0, step, 0], [batch, count, features]),
  );
  return tf.concat(shifted, 2);
}
