/** Dropout of wholes: of what a block adds to a sample, and of channels. */
import { dropout } from './dropout.js';
import type { Stream } from './random.js';
import { tf } from './tf.js';

/**
 * Stochastic depth (Huang et al. 2016): a sample loses all that a branch adds with the probability `rate`, and else
 * that is divided by 1 − rate. Which samples do follows from `dropout` of B values.
 *
 * @param x [B, ...]
 * @param random gives the key; without it, or at a rate of 0, nothing is drawn and x itself is returned
 * @throws Error when the rate is not in [0, 1)
 */
export const dropPath = (x: tf.Tensor, rate: number, random: Stream | undefined): tf.Tensor =>
  dropWholes(x, [x.shape[0], ...x.shape.slice(1).map(() => 1)], rate, random);

/**
 * Dropout of whole channels (Tompson et al. 2015), by `dropout` of B·C values.
 *
 * @param x [B, h, w, C]
 */
export const dropChannels = (x: tf.Tensor, rate: number, random: Stream | undefined): tf.Tensor =>
  dropWholes(x, [x.shape[0], 1, 1, x.shape[3]!], rate, random);

function dropWholes(
  x: tf.Tensor,
  shape: number[],
  rate: number,
  random: Stream | undefined,
): tf.Tensor {
  if (!random || rate === 0) return x;
  return tf.tidy(() => tf.mul(x, dropout(tf.ones(shape), rate, random)));
}
