/** Losses of predicted numbers. The targets are constants. */
import { smoothL1 } from '../mmp/align.js';
import { withGradient } from '../tensor/custom.js';
import { expectShapes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';

/**
 * Mean of |e|, e = predicted − target.
 *
 * @param target any shape
 * @param predicted of the same shape
 * @returns a scalar; its gradient is 0 where e is 0, as in PyTorch
 */
export function l1Loss(target: tf.Tensor, predicted: tf.Tensor): tf.Tensor {
  expectShapes('l1Loss', { predicted: [predicted, target.shape.join(' ')] });
  return withGradient(
    [predicted],
    (save) => {
      const error = tf.sub(predicted, target);
      save([error]);
      return tf.mean(tf.abs(error));
    },
    // TF.js's own gradient of |e| is −1 at 0.
    (dy, [error]) => [tf.mul(tf.sign(error!), tf.div(dy, error!.size))],
  );
}

/**
 * Mean of ½e²/β where |e| < β, else |e| − ½β: the smooth L1 of the alignment (Eq. 7), whose β is 1, of errors
 * in units of β.
 *
 * @param target any shape
 * @param predicted of the same shape
 * @param beta β, above 0
 * @returns a scalar
 */
export function smoothL1Loss(target: tf.Tensor, predicted: tf.Tensor, beta: number): tf.Tensor {
  if (!(beta > 0)) throw new Error(`smoothL1Loss: beta must be above 0, got ${beta}`);
  return tf.mul(smoothL1(tf.div(target, beta), tf.div(predicted, beta)), beta);
}
