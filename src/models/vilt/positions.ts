/**
 * Positions of patches. The table is for a square of G × G patches and is resized bilinearly to each picture,
 * corners onto corners: row r of h lies at r·(G − 1)/(h − 1) of the table, and row g of the table has there
 * the weight max(0, 1 − |r·(G − 1)/(h − 1) − g|); columns alike. Written so, pictures of many sizes are one
 * product with the table, through which gradients flow, and no size is read from the backend.
 */
import { tf } from '../../tensor/tf.js';

/** The grid of patches, and how much of it each picture fills: heights and widths [S] in patches */
export interface Grid {
  readonly rows: number;
  readonly columns: number;
  /** S is B, or 1 where all pictures have one size. */
  readonly heights: tf.Tensor;
  readonly widths: tf.Tensor;
}

/** The grid of pictures that fill it. */
export function fullGrid(rows: number, columns: number): Grid {
  return { rows, columns, heights: tf.tensor1d([rows]), widths: tf.tensor1d([columns]) };
}

/**
 * Which patches are real: those whose first pixel is.
 *
 * @param mask of pixels [B, H, W], 1 in the top left part that is picture, 0 in what is padding
 * @returns [B, rows, columns]
 */
export function patchMask(mask: tf.Tensor, patch: number): tf.Tensor {
  const [batch, height, width] = mask.shape as [number, number, number];
  const [rows, columns] = [height / patch, width / patch];
  const cut = tf.reshape(mask, [batch, rows, patch, columns, patch]);
  const first = tf.slice(cut, [0, 0, 0, 0, 0], [batch, rows, 1, columns, 1]);
  return tf.reshape(first, [batch, rows, columns]);
}

/** The grid of pictures with padding, from their masks [B, rows, columns]. */
export function maskedGrid(mask: tf.Tensor): Grid {
  const [batch, rows, columns] = mask.shape as [number, number, number];
  const sumOf = (edge: tf.Tensor) => tf.cast(tf.sum(edge, [1, 2]), 'float32');
  return {
    rows,
    columns,
    heights: sumOf(tf.slice(mask, [0, 0, 0], [batch, rows, 1])),
    widths: sumOf(tf.slice(mask, [0, 0, 0], [batch, 1, columns])),
  };
}

/**
 * The position of every patch; those of padding are zero.
 *
 * @param table [G², d]
 * @returns [S, rows·columns, d]
 */
export function patchPositions(table: tf.Tensor, grid: Grid): tf.Tensor {
  const { rows, columns, heights, widths } = grid;
  const [places, width] = table.shape as [number, number];
  const [pictures] = heights.shape as [number];
  const side = Math.sqrt(places);
  const down = tf.reshape(weights(heights, rows, side), [pictures, rows, 1, side, 1]);
  const across = tf.reshape(weights(widths, columns, side), [pictures, 1, columns, 1, side]);
  const both = tf.reshape(tf.mul(down, across), [pictures * rows * columns, places]);
  return tf.reshape(tf.matMul(both, table), [pictures, rows * columns, width]);
}

/** The weights [S, count, G] of the table's rows in each of `count` rows, of which `sizes` [S] are real. */
function weights(sizes: tf.Tensor, count: number, side: number): tf.Tensor {
  const row = tf.range(0, count);
  const size = tf.expandDims(sizes, 1);
  const place = tf.div(tf.mul(row, side - 1), tf.maximum(tf.sub(size, 1), 1));
  const distance = tf.abs(tf.sub(tf.expandDims(place, 2), tf.range(0, side)));
  const real = tf.expandDims(tf.cast(tf.less(row, size), 'float32'), 2);
  return tf.mul(tf.relu(tf.sub(1, distance)), real);
}
