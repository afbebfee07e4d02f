/** GELU in its exact form (Hendrycks and Gimpel 2016): GELU(x) = x·Φ(x), Φ by erf and not by tanh (D4). */
import { defineOperation } from './operation.js';
import { tf } from './tf.js';

/** GELU as it is written; TF.js finds its gradient. The specification of `gelu`. */
export function plainGelu(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, normalDistribution(x));
}

/**
 * GELU(x) with its derivative Φ(x) + x·φ(x) in one step.
 *
 * @param x any shape
 * @returns the same shape
 */
export function gelu(x: tf.Tensor): tf.Tensor {
  return runGelu({ x })[0]!;
}

const normalDistribution = (x: tf.Tensor) =>
  tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);

const runGelu = defineOperation({
  name: 'Gelu',
  compute: ({ x }) => plainGelu(x!),
  kernels: (device, { x }) => {
    const y = device.output(x!.shape);
    device.overValues('gelu', tf.util.sizeFromShape(x!.shape), [x!, y]);
    return y;
  },
  gradient: {
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => runGeluGradient({ x: x!, dy: dy as tf.Tensor })[0]! }),
  },
});

const runGeluGradient = defineOperation({
  name: 'GeluGradient',
  compute: ({ x, dy }) => {
    const density = tf.mul(tf.exp(tf.mul(tf.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return tf.mul(dy!, tf.add(normalDistribution(x!), tf.mul(x!, density)));
  },
  kernels: (device, { x, dy }) => {
    const dx = device.output(x!.shape);
    const size = tf.util.sizeFromShape(x!.shape);
    device.overValues('geluGradient', size, [x!, dy!, dx]);
    return dx;
  },
});
