/** Bilinear resizing of images, with the centres of pixels half a pixel from their edges. */
import { withGradient } from './custom.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';

/**
 * y = R·x·Cᵀ for every channel, as PyTorch's `interpolate` has it with `align_corners=False`: a pixel is a mean of
 * the two old ones beside its centre, in rows by R and in columns by C. As matrix products it has the gradient
 * Rᵀ·dy·C, which is wrong in TF.js's own resizing with half-pixel centres.
 *
 * @param x [B, h, w, C]
 * @returns [B, height, width, C]; of the same size, x itself
 */
export function resizeBilinear(x: tf.Tensor, height: number, width: number): tf.Tensor {
  const { h, w } = expectShapes('resizeBilinear', { x: [x, 'B h w C'] });
  if (h === height && w === width) return x;
  return withGradient(
    [x],
    () => along(x, weightsOf(h, height), weightsOf(w, width)),
    (dy) => [along(dy, tf.transpose(weightsOf(h, height)), tf.transpose(weightsOf(w, width)))],
  );
}

/**
 * @param rows [h', h]
 * @param columns [w', w]
 * @returns [B, h', w', C]
 */
function along(x: tf.Tensor, rows: tf.Tensor, columns: tf.Tensor): tf.Tensor {
  const [batch, height, width, channels] = x.shape as [number, number, number, number];
  const [newHeight, newWidth] = [rows.shape[0], columns.shape[0]];
  const lines = tf.reshape(x, [batch, height, width * channels]);
  const resized = tf.matMul(tf.expandDims(rows, 0), lines);
  const cells = tf.reshape(resized, [batch * newHeight, width, channels]);
  const y = tf.matMul(tf.expandDims(columns, 0), cells);
  return tf.reshape(y, [batch, newHeight, newWidth, channels]);
}

/** How much of each of `from` pixels is in each of `to` [to, from] */
function weightsOf(from: number, to: number): tf.Tensor {
  const weights = new Float32Array(to * from);
  for (let place = 0; place < to; place++) {
    const centre = Math.max(0, ((place + 0.5) * from) / to - 0.5);
    const before = Math.min(from - 1, Math.floor(centre));
    const after = Math.min(from - 1, before + 1);
    const share = centre - before;
    weights[place * from + before]! += 1 - share;
    weights[place * from + after]! += share;
  }
  return tf.tensor2d(weights, [to, from]);
}
