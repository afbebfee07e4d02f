/** The linear layer y = x·W + b, weights [in, out]. */
import { xavierUniform, zeros, type Parameters } from './parameters.js';
import { tf } from './tf.js';

/** Declares `{name}.weight` [inputs, outputs], Xavier-uniform, and `{name}.bias` [outputs], zero. */
export function addLinear(
  parameters: Parameters,
  name: string,
  inputs: number,
  outputs: number,
): void {
  parameters.add(`${name}.weight`, [inputs, outputs], xavierUniform);
  parameters.add(`${name}.bias`, [outputs], zeros);
}

/**
 * Applies the layer to the last axis.
 *
 * @param x [..., inputs]
 * @returns [..., outputs]
 */
export function linear(parameters: Parameters, name: string, x: tf.Tensor): tf.Tensor {
  const weight = parameters.get(`${name}.weight`);
  const [inputs, outputs] = weight.shape as [number, number];
  if (x.shape[x.rank - 1] !== inputs) {
    throw new Error(`linear ${name}: last axis must be ${inputs}, got [${x.shape.join(', ')}]`);
  }
  // One plain matrix product: TF.js multiplies [B, N, in]·[in, out] forward but not backward.
  const rows = tf.matMul(tf.reshape(x, [-1, inputs]), weight);
  const shifted = tf.add(rows, parameters.get(`${name}.bias`));
  return tf.reshape(shifted, [...x.shape.slice(0, -1), outputs]);
}
