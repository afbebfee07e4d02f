/** Samples picked out of a batch. */
import { tf } from './tf.js';

/**
 * @param x [B, ...]
 * @param samples places in the batch, each in 0 … B − 1
 * @returns [samples, ...] in the order asked for
 */
export function takeRows(x: tf.Tensor, samples: readonly number[]): tf.Tensor {
  return tf.gather(x, tf.tensor1d([...samples], 'int32'));
}
