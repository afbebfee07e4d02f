/**
 * Sinusoidal positions as the original MulT adds them: the token at place i has position i + 1, and padding,
 * which is where the first feature is 0, has none. Padding before a sequence still counts: it moves positions on.
 */
import { tf } from '../../tensor/tf.js';

/**
 * @param tokens [B, N, d]
 * @returns [B, N, d], zero where padding is
 */
export function positionsOf(tokens: tf.Tensor): tf.Tensor {
  const [batch, count, width] = tokens.shape as [number, number, number];
  const first = tf.slice(tokens, [0, 0, 0], [batch, count, 1]);
  // 1 where it is not 0; unlike a comparison, a step has a gradient, which is zero.
  return tf.mul(tf.step(tf.abs(first)), positionTable(count, width));
}

/** Row i holds sin and then cos of (i + 1)·10000^(−j/(d/2 − 1)) for j = 0 … d/2 − 1; a last odd column is 0. */
function positionTable(count: number, width: number): tf.Tensor {
  const half = Math.floor(width / 2);
  const values = new Float32Array(count * width);
  for (let place = 0; place < count; place++) {
    for (let column = 0; column < half; column++) {
      const angle = (place + 1) * 10000 ** (-column / (half - 1));
      values[place * width + column] = Math.sin(angle);
      values[place * width + half + column] = Math.cos(angle);
    }
  }
  return tf.tensor2d(values, [count, width]);
}
