/**
 * Convolutions over images as PyTorch has them, with as many cells of padding on each side; TF.js's own 'same' pads
 * more below and to the right where windows move by more than one cell.
 */
import { zeros, type Declarations, type Initialiser, type Parameters } from './parameters.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';

/** Declares `{name}.weight` [size, size, inputs, outputs] and `{name}.bias` [outputs], zero. */
export function addConvolution(
  parameters: Declarations,
  name: string,
  { size, inputs, outputs }: { size: number; inputs: number; outputs: number },
  initialiser: Initialiser,
): void {
  parameters.add(`${name}.weight`, [size, size, inputs, outputs], initialiser);
  parameters.add(`${name}.bias`, [outputs], zeros);
}

/**
 * A convolution whose windows lie around every stride-th cell: ⌊size/2⌋ cells of zeros are put on each side.
 *
 * @param x [B, h, w, inputs]
 * @returns [B, ⌈h/stride⌉, ⌈w/stride⌉, outputs] for an odd size
 */
export function convolve(
  parameters: Parameters,
  name: string,
  x: tf.Tensor,
  stride: number,
): tf.Tensor {
  const weight = parameters.get(`${name}.weight`);
  const [size, , inputs] = weight.shape as [number, number, number, number];
  expectShapes('convolve', { [name]: [x, 'B h w c'] }, { c: inputs });
  const cells = Math.floor(size / 2);
  const around: [number, number] = [cells, cells];
  // Padded by itself: native TensorFlow has gradients of 'same' and 'valid' alone.
  const padded = tf.pad4d(x as tf.Tensor4D, [[0, 0], around, around, [0, 0]]);
  const y = tf.conv2d(padded, weight as tf.Tensor4D, stride, 'valid');
  return tf.add(y, parameters.get(`${name}.bias`));
}

/** Declares `{name}.weight` [size, size, width, 1] and `{name}.bias` [width], zero. */
export function addDepthwise(
  parameters: Declarations,
  name: string,
  { size, width }: { size: number; width: number },
  initialiser: Initialiser,
): void {
  parameters.add(`${name}.weight`, [size, size, width, 1], initialiser);
  parameters.add(`${name}.bias`, [width], zeros);
}

/**
 * A convolution in which each channel meets a filter of its own, of an odd size, with zeros around the image.
 *
 * @param x [B, h, w, width]
 * @returns [B, h, w, width]
 */
export function depthwise(parameters: Parameters, name: string, x: tf.Tensor): tf.Tensor {
  const weight = parameters.get(`${name}.weight`);
  expectShapes('depthwise', { [name]: [x, 'B h w c'] }, { c: weight.shape[2]! });
  const y = tf.depthwiseConv2d(x as tf.Tensor4D, weight as tf.Tensor4D, 1, 'same');
  return tf.add(y, parameters.get(`${name}.bias`));
}
