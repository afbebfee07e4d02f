/** The classification loss, of whole samples and of pixels. */
import { withGradient } from '../tensor/custom.js';
import { expectShapes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';

export interface CrossEntropyOptions {
  /** Label of what has no class and no part in the loss, such as 255; inside or outside of 0 … C − 1 */
  readonly ignoreIndex?: number;
}

/**
 * Mean of −log softmax(logits)[label] over the labels that are not ignored. Where all are ignored it is 0 and
 * so is its gradient: such a batch has nothing to say, and PyTorch's NaN would end the training.
 *
 * @param logits [..., C], such as [B, C] or [B, height, width, C]
 * @param labels int32 [...], each in 0 … C − 1 or ignored; nobody checks that here, because it takes a read
 * @returns a scalar
 */
export function crossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  options: CrossEntropyOptions = {},
): tf.Tensor {
  return meanLogLoss('crossEntropy', logits, labels, options, (products, kept) => {
    const share = kept ? tf.div(1, tf.maximum(tf.sum(kept), 1)) : tf.scalar(1 / labels.size);
    return {
      mean: tf.mul(tf.neg(tf.sum(products)), share),
      weights: kept ? tf.mul(kept, share) : share,
    };
  });
}

/** A weighted mean of losses, and how much of each row's loss is in it: [P], or a scalar for all. */
export interface Mean {
  readonly mean: tf.Tensor;
  readonly weights: tf.Tensor;
}

/**
 * A mean of −log softmax(logits)[label] over rows. The weights are constants, so its gradient by the logits
 * of a row is weight · (softmax − one-hot).
 *
 * @param where the function on whose behalf this is computed; it opens messages
 * @param average from log softmax · one-hot [P, C], whose rows sum up to −loss, or to 0 where ignored; and from
 *   1 for a row that is not ignored and 0 for one that is [P], if any can be
 */
export function meanLogLoss(
  where: string,
  logits: tf.Tensor,
  labels: tf.Tensor,
  { ignoreIndex }: CrossEntropyOptions,
  average: (products: tf.Tensor, kept?: tf.Tensor) => Mean,
): tf.Tensor {
  expectShapes(where, { logits: [logits, [...labels.shape, 'C'].join(' ')] });
  if (labels.dtype !== 'int32') {
    throw new Error(`${where}: labels must be int32, got ${labels.dtype}`);
  }
  const [rows, classes] = [labels.size, logits.shape.at(-1)!];
  const table = tf.reshape(logits, [rows, classes]);
  return withGradient(
    [table],
    (save) => {
      const logarithms = tf.logSoftmax(table);
      const { named, kept } = withoutIgnored(tf.reshape(labels, [rows]), ignoreIndex);
      const oneHot = tf.oneHot(named, classes);
      const { mean, weights } = average(tf.mul(logarithms, oneHot), kept);
      save([logarithms, oneHot, weights]);
      return mean;
    },
    (dy, saved) => {
      const [logarithms, oneHot, weights] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      const scale = tf.mul(weights, dy);
      const column = scale.rank === 0 ? scale : tf.expandDims(scale, 1);
      return [tf.mul(tf.sub(tf.exp(logarithms), oneHot), column)];
    },
  );
}

/** Ignored labels become −1, whose one-hot row is all zeros. */
function withoutIgnored(
  labels: tf.Tensor,
  ignoreIndex?: number,
): { named: tf.Tensor; kept?: tf.Tensor } {
  if (ignoreIndex === undefined) return { named: labels };
  const ignored = tf.equal(labels, tf.scalar(ignoreIndex, 'int32'));
  const named = tf.where(ignored, tf.scalar(-1, 'int32'), labels);
  return { named, kept: tf.cast(tf.logicalNot(ignored), 'float32') };
}
