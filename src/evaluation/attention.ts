/** Attention weights as matrices that can be drawn. */
import { expectShapes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';

/**
 * One sample's attention, averaged over the heads.
 *
 * @param weights [B, H, Tq, Tk]
 * @param sample which of the batch
 * @returns Tq rows of Tk weights
 */
export async function meanOverHeads(weights: tf.Tensor, sample = 0): Promise<number[][]> {
  const { H, Tq, Tk } = expectShapes('meanOverHeads', { weights: [weights, 'B H Tq Tk'] });
  const mean = tf.tidy(() =>
    tf.mean(tf.reshape(tf.slice(weights, [sample, 0, 0, 0], [1, H, Tq, Tk]), [H, Tq, Tk]), 0),
  );
  const rows = (await mean.array()) as number[][];
  mean.dispose();
  return rows;
}
