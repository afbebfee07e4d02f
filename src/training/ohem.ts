/**
 * Online hard example mining (Shrivastava et al. 2016), as DELIVER trains on pixels: the cross-entropy of
 * those that are still hard, and of a sixteenth at least.
 */
import { tf } from '../tensor/tf.js';
import { meanLogLoss, type CrossEntropyOptions, type Mean } from './crossEntropy.js';

/** A pixel is hard while its class has a probability below 0.7. */
const threshold = -Math.log(0.7);

/** One in so many of the labels that are not ignored has part in the loss, however easy it is. */
const leastPart = 16;

/**
 * Mean of the losses above −ln 0.7; where these are fewer than ⌊valid / 16⌋, of the ⌊valid / 16⌋ largest.
 * Where that is none it is 0 and so is its gradient, as in `crossEntropy`.
 *
 * @param logits [..., C]
 * @param labels int32 [...], each in 0 … C − 1 or ignored
 * @returns a scalar; its gradient goes through the pixels that are in the mean
 */
export function ohemCrossEntropy(
  logits: tf.Tensor,
  labels: tf.Tensor,
  options: CrossEntropyOptions = {},
): tf.Tensor {
  return meanLogLoss('ohemCrossEntropy', logits, labels, options, meanOfHard);
}

/** What is chosen depends on the values, which nobody can read in between: both choices are made. */
function meanOfHard(products: tf.Tensor, kept?: tf.Tensor): Mean {
  const losses = tf.neg(tf.sum(products, 1));
  const valid = kept ?? tf.onesLike(losses);
  const least = tf.floor(tf.div(tf.sum(valid), leastPart));
  const hard = asNumber(tf.greater(losses, threshold));
  const enough = asNumber(tf.greaterEqual(tf.sum(hard), least));
  const chosen = tf.add(tf.mul(hard, enough), tf.mul(largest(losses, least), tf.sub(1, enough)));
  const weights = tf.div(chosen, tf.maximum(tf.sum(chosen), 1));
  // An ignored pixel, whose loss is 0, is among the largest only where valid ones are 0, too.
  return { mean: tf.sum(tf.mul(losses, weights)), weights: tf.mul(weights, valid) };
}

/**
 * 1 for each of the largest losses, 0 for the others; the last places are shared where several are equal.
 *
 * @param losses [P]
 * @param number how many; a scalar of at most ⌊P / 16⌋
 */
function largest(losses: tf.Tensor, number: tf.Tensor): tf.Tensor {
  const most = Math.floor(losses.size / leastPart);
  if (most === 0) return tf.zerosLike(losses);
  const sorted = tf.topk(losses, most).values;
  const last = tf.cast(tf.maximum(tf.sub(number, 1), 0), 'int32');
  const smallest = tf.gather(sorted, last);
  const above = asNumber(tf.greater(losses, smallest));
  const equal = asNumber(tf.equal(losses, smallest));
  const places = tf.div(tf.sub(number, tf.sum(above)), tf.sum(equal));
  return tf.add(above, tf.mul(equal, places));
}

const asNumber = (condition: tf.Tensor) => tf.cast(condition, 'float32');
