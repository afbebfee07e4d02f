/**
 * The rectification of two branches by each other (Liu et al. 2022): to each is added the other, weighted by channel
 * and by cell, half of either weight.
 */
import { largestCell } from '../../tensor/largest.js';
import { linear } from '../../tensor/linear.js';
import { tf } from '../../tensor/tf.js';
import type { Run } from './run.js';

/** Of the weights by channel, and of those by cell */
const share = 0.5;

/**
 * @param name `rectify.1` … `rectify.4`
 * @param trunk [B, h, w, d]
 * @param auxiliary [B, h, w, d]
 * @returns both, [B, h, w, d]
 */
export function rectify(
  run: Run,
  name: string,
  trunk: tf.Tensor,
  auxiliary: tf.Tensor,
): [trunk: tf.Tensor, auxiliary: tf.Tensor] {
  const both = tf.concat([trunk, auxiliary], 3);
  const [channelsOfTrunk, channelsOfAuxiliary] = byChannel(run, `${name}.channels`, both);
  const [cellsOfTrunk, cellsOfAuxiliary] = byCell(run, `${name}.cells`, both);
  const add = (to: tf.Tensor, from: tf.Tensor, channels: tf.Tensor, cells: tf.Tensor) =>
    tf.add(to, tf.mul(from, tf.add(tf.mul(channels, share), tf.mul(cells, share))));
  return [
    add(trunk, auxiliary, channelsOfAuxiliary, cellsOfAuxiliary),
    add(auxiliary, trunk, channelsOfTrunk, cellsOfTrunk),
  ];
}

/** Weights of both branches' channels [B, 1, 1, d], from the mean and the largest of each channel */
function byChannel({ parameters }: Run, name: string, both: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const pooled = tf.concat([tf.mean(both, [1, 2]), largestCell(both)], 1);
  const hidden = tf.relu(linear(parameters, `${name}.hidden`, pooled));
  const weights = tf.sigmoid(linear(parameters, `${name}.output`, hidden));
  const [batch, all] = weights.shape as [number, number];
  return tf.split(tf.reshape(weights, [batch, 1, 1, all]), 2, 3) as [tf.Tensor, tf.Tensor];
}

/** Weights of both branches' cells [B, h, w, 1] */
function byCell({ parameters }: Run, name: string, both: tf.Tensor): [tf.Tensor, tf.Tensor] {
  const hidden = tf.relu(linear(parameters, `${name}.hidden`, both));
  return tf.split(tf.sigmoid(linear(parameters, `${name}.output`, hidden)), 2, 3) as [
    tf.Tensor,
    tf.Tensor,
  ];
}
