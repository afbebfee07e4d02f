/** Bilinear resizing of images. */
import { withGradient } from './custom.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';

/**
 * What lies at the same places before and after: the edges of the image, so that centres of pixels are half a pixel
 * inside of them, or the centres of its corner pixels. In PyTorch `align_corners` says it, False or True.
 */
export type Alignment = 'edges' | 'corners';

/**
 * y = R·x·Cᵀ for every channel, as PyTorch's `interpolate` has it: a pixel is a mean of the two old ones beside its
 * centre, in rows by R and in columns by C. As matrix products it has the gradient Rᵀ·dy·C, which is wrong in TF.js's
 * own resizing with half-pixel centres.
 *
 * @param x [B, h, w, C]
 * @returns [B, height, width, C]; of the same size, x itself
 */
export function resizeBilinear(
  x: tf.Tensor,
  height: number,
  width: number,
  alignment: Alignment = 'edges',
): tf.Tensor {
  const { h, w } = expectShapes('resizeBilinear', { x: [x, 'B h w C'] });
  if (h === height && w === width) return x;
  const rows = () => weightsOf(h, height, alignment);
  const columns = () => weightsOf(w, width, alignment);
  return withGradient(
    [x],
    () => along(x, rows(), columns()),
    (dy) => [along(dy, tf.transpose(rows()), tf.transpose(columns()))],
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
function weightsOf(from: number, to: number, alignment: Alignment): tf.Tensor {
  const weights = new Float32Array(to * from);
  for (let place = 0; place < to; place++) {
    const centre =
      alignment === 'edges' ? fromEdges(place, from, to) : fromCorners(place, from, to);
    const before = Math.min(from - 1, Math.floor(centre));
    const after = Math.min(from - 1, before + 1);
    const share = centre - before;
    weights[place * from + before]! += 1 - share;
    weights[place * from + after]! += share;
  }
  return tf.tensor2d(weights, [to, from]);
}

/** Where the centre of a pixel lies among the old ones: before the first of them at the first itself */
const fromEdges = (place: number, from: number, to: number) =>
  Math.max(0, ((place + 0.5) * from) / to - 0.5);

/** The same where the first pixels lie at the same place, and the last ones; a single one is the first. */
const fromCorners = (place: number, from: number, to: number) =>
  to === 1 ? 0 : (place * (from - 1)) / (to - 1);
