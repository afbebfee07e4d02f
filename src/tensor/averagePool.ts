/** The mean over a window around each cell of an image, in which padding does not count. */
import { withGradient } from './custom.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';

/**
 * y = S(x)/n with S the sum over the cells of the image that a window reaches, and n how many these are. A window
 * reaches as far as it is reached, so S is its own transpose and dx = S(dy/n) = n·mean(dy/n): the same means again.
 * TF.js's own gradient divides by the whole window on cpu and WebGPU.
 *
 * @param x [B, h, w, C]
 * @param size of the square window, odd
 * @returns [B, h, w, C]
 * @throws Error when the size is not odd
 */
export function averagePool(x: tf.Tensor, size: number): tf.Tensor {
  const { h, w } = expectShapes('averagePool', { x: [x, 'B h w C'] });
  if (size % 2 !== 1) throw new Error(`averagePool: size must be odd, got ${size}`);
  return withGradient(
    [x],
    () => means(x, size),
    (dy) => {
      const counts = cellCounts(h, w, size);
      return [tf.mul(means(tf.div(dy, counts), size), counts)];
    },
  );
}

const means = (x: tf.Tensor, size: number) => tf.avgPool(x as tf.Tensor4D, size, 1, 'same');

/** How many cells of the image each window reaches [1, h, w, 1] */
function cellCounts(height: number, width: number, size: number): tf.Tensor {
  const along = (length: number) =>
    Array.from({ length }, (_, place) => {
      const reach = (size - 1) / 2;
      return Math.min(length - 1, place + reach) - Math.max(0, place - reach) + 1;
    });
  const [down, across] = [along(height), along(width)];
  return tf.tensor(
    down.flatMap((rows) => across.map((columns) => rows * columns)),
    [1, height, width, 1],
  );
}
