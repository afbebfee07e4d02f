/**
 * Dropout (Srivastava et al. 2014), inverted as in PyTorch: in training each value becomes 0 with the probability
 * `rate`, and the others are divided by 1 − rate.
 *
 * Which values stay follows from a key that is drawn from a stream, and from nothing else: value i stays where word
 * i mod 2 of Threefry's block ⌊i/2⌋ is at least rate·2³². So all backends and any number of threads drop the same,
 * and no mask is kept for the gradient, which computes it again.
 */
import type { KernelDevice } from './kernelDevice.js';
import { defineOperation, type Attributes } from './operation.js';
import type { Stream } from './random.js';
import { threefry } from './threefry.js';
import { tf } from './tf.js';

/** What is dropped where: one key's worth of choices. */
export interface Dropped {
  readonly rate: number;
  readonly key0: number;
  readonly key1: number;
}

/**
 * Drops values of x, any shape; the gradient drops the same.
 *
 * @param rate the probability of becoming 0, in [0, 1)
 * @param random gives the key, two draws a call; without it, or at a rate of 0, nothing is drawn
 * @returns a tensor of x's shape; where nothing is dropped, x itself
 * @throws Error when the rate is not in [0, 1)
 */
export function dropout(x: tf.Tensor, rate: number, random: Stream | undefined): tf.Tensor {
  const dropped = drawDropped('dropout', rate, random);
  return dropped ? drop({ x }, { ...dropped })[0]! : x;
}

/** The same as it is written; TF.js finds its gradient. The specification of `dropout`. */
export function plainDropout(x: tf.Tensor, rate: number, random: Stream | undefined): tf.Tensor {
  const dropped = drawDropped('dropout', rate, random);
  return dropped ? tf.mul(x, dropoutFactors(x.shape, dropped)) : x;
}

/**
 * Draws the key of one dropout.
 *
 * @returns nothing where nothing is dropped
 */
export function drawDropped(
  where: string,
  rate: number,
  random: Stream | undefined,
): Dropped | undefined {
  if (!(rate >= 0 && rate < 1)) {
    throw new Error(`${where}: rate must be at least 0 and below 1, got ${rate}`);
  }
  if (!random || rate === 0) return undefined;
  return { rate, key0: random.integer(2 ** 32), key1: random.integer(2 ** 32) };
}

/** What an operation's attributes say of dropout; nothing where it drops nothing */
export const droppedOf = (attributes: Attributes): Dropped | undefined =>
  attributes.rate === undefined ? undefined : (attributes as unknown as Dropped);

/** What each value is multiplied by: 0, or 1/(1 − rate) */
export function dropoutFactors(shape: number[], { rate, key0, key1 }: Dropped): tf.Tensor {
  const factors = new Float32Array(tf.util.sizeFromShape(shape));
  const kept = 1 / (1 - rate);
  const from = thresholdOf(rate);
  const words = new Int32Array(2);
  for (let i = 0; i < factors.length; i += 2) {
    threefry([key0, key1], [i / 2, 0], words);
    if (words[0]! >>> 0 >= from) factors[i] = kept;
    if (words[1]! >>> 0 >= from) factors[i + 1] = kept;
  }
  return tf.tensor(factors, shape);
}

/** Drops values with our kernels, into another tensor or, with one tensor, in place. */
export function dropByKernel(
  device: KernelDevice,
  { rate, key0, key1 }: Dropped,
  ...tensors: [tf.TensorInfo] | [tf.TensorInfo, tf.TensorInfo]
): void {
  device.overValues(
    tensors.length === 1 ? 'dropoutInPlace' : 'dropout',
    tf.util.sizeFromShape(tensors[0].shape),
    tensors,
    [1 / (1 - rate)],
    [key0, key1, thresholdOf(rate)],
  );
}

/** The smallest word with which a value stays; below 2³² for every rate below 1 */
const thresholdOf = (rate: number) => Math.floor(rate * 2 ** 32);

/** Its gradient is itself: dx drops of dy what y dropped of x. */
const drop = defineOperation({
  name: 'Dropout',
  compute: ({ x }, attributes) => tf.mul(x!, dropoutFactors(x!.shape, droppedOf(attributes)!)),
  kernels: (device, { x }, attributes) => {
    const y = device.output(x!.shape);
    dropByKernel(device, droppedOf(attributes)!, x!, y);
    return y;
  },
  gradient: {
    gradFunc: (dy, _, attributes) => ({
      x: () => drop({ x: dy as tf.Tensor }, attributes as Attributes)[0]!,
    }),
  },
});
