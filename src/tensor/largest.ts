/** The largest value over the cells of an image. */
import { withGradient } from './custom.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';

/**
 * The largest value of each channel. Its gradient goes to the first cell that has it, as in PyTorch; TF.js's own
 * gives it to every one of equal cells, which is many times too much where an image is uniform.
 *
 * @param x [B, h, w, C]
 * @returns [B, C]
 */
export function largestCell(x: tf.Tensor): tf.Tensor {
  const { B, h, w, C } = expectShapes('largestCell', { x: [x, 'B h w C'] });
  const cells = tf.reshape(x, [B, h * w, C]);
  return withGradient(
    [cells],
    (save) => {
      save([cells]);
      return tf.max(cells, 1);
    },
    (dy, [saved]) => {
      const first = tf.expandDims(tf.cast(tf.argMax(saved!, 1), 'float32'), 1);
      const places = tf.reshape(tf.range(0, h * w), [1, h * w, 1]);
      // 1 where both are the same, else 0: a comparison of shapes that differ takes wasm ten times as long.
      const isFirst = tf.relu(tf.sub(1, tf.abs(tf.sub(places, first))));
      return [tf.mul(isFirst, tf.expandDims(dy, 1))];
    },
  );
}
