/** The classification loss. */
import { withGradient } from '../tensor/custom.js';
import { expectShapes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';

/**
 * Mean of −log softmax(logits)[label] over the batch.
 *
 * @param logits [B, C]
 * @param labels int32 [B], each in 0 … C − 1
 * @returns a scalar
 */
export function crossEntropy(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  const { B, C } = expectShapes('crossEntropy', { logits: [logits, 'B C'], labels: [labels, 'B'] });
  return withGradient(
    [logits],
    (save) => {
      const logarithms = tf.logSoftmax(logits);
      const oneHot = tf.oneHot(labels, C);
      save([logarithms, oneHot]);
      return tf.div(tf.neg(tf.sum(tf.mul(logarithms, oneHot))), B);
    },
    (dy, saved) => {
      const [logarithms, oneHot] = saved as [tf.Tensor, tf.Tensor];
      return [tf.mul(tf.sub(tf.exp(logarithms), oneHot), tf.div(dy, B))];
    },
  );
}
