/** Layer normalisation (Ba, Kiros and Hinton 2016). */
import { defineOperation } from './operation.js';
import { ones, zeros, type Declarations, type Parameters } from './parameters.js';
import { tf } from './tf.js';

/** Declares `{name}.weight` [width], ones, and `{name}.bias` [width], zeros. */
export function addLayerNorm(parameters: Declarations, name: string, width: number): void {
  parameters.add(`${name}.weight`, [width], ones);
  parameters.add(`${name}.bias`, [width], zeros);
}

/**
 * y = (x − mean) / √(variance + ε) · weight + bias over the last axis.
 *
 * @param x [..., width]
 * @returns [..., width]
 */
export function layerNorm(
  parameters: Parameters,
  name: string,
  x: tf.Tensor,
  epsilon = 1e-5,
): tf.Tensor {
  const [weight, bias] = [parameters.get(`${name}.weight`), parameters.get(`${name}.bias`)];
  if (x.shape[x.rank - 1] !== weight.size) {
    throw new Error(
      `layerNorm ${name}: last axis must be ${weight.size}, got [${x.shape.join(', ')}]`,
    );
  }
  const [y, ...kept] = normalise({ x, weight, bias }, { epsilon });
  tf.dispose(kept);
  return y!;
}

/** The same as it is written; TF.js finds its gradient. The specification of `layerNorm`. */
export function plainLayerNorm(
  x: tf.Tensor,
  weight: tf.Tensor,
  bias: tf.Tensor,
  epsilon = 1e-5,
): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const normalised = tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, epsilon)));
  return tf.add(tf.mul(normalised, weight), bias);
}

/** y [..., width], and for the gradient the mean and 1/σ of each row [..., 1] */
const normalise = defineOperation({
  name: 'LayerNorm',
  compute: ({ x, weight, bias }, { epsilon }) => {
    const mean = tf.mean(x!, -1, true);
    const centred = tf.sub(x!, mean);
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon as number));
    return [tf.add(tf.mul(tf.mul(centred, inverse), weight!), bias!), mean, inverse];
  },
  kernels: (device, { x, weight, bias }, { epsilon }) => {
    const { rows, width, perRow } = rowsOf(x!);
    const outputs = [device.output(x!.shape), device.output(perRow), device.output(perRow)];
    const tensors = [x!, weight!, bias!, ...outputs];
    device.overRows('layerNorm', rows, width, tensors, [epsilon as number]);
    return outputs;
  },
  gradient: {
    inputsToSave: ['x', 'weight'],
    outputsToSave: [false, true, true],
    gradFunc: (dys, [x, weight, mean, inverse]) => {
      const dy = (dys as unknown as tf.Tensor[])[0]!;
      const inputs = { x: x!, weight: weight!, mean: mean!, inverse: inverse!, dy };
      const [dx, dweight, dbias] = normaliseGradient(inputs);
      return { x: () => dx!, weight: () => dweight!, bias: () => dbias! };
    },
  },
});

/** dx = (g − mean(g) − x̂·mean(g·x̂))/σ with g = dy·weight; dweight = Σ dy·x̂; dbias = Σ dy */
const normaliseGradient = defineOperation({
  name: 'LayerNormGradient',
  compute: ({ x, weight, mean, inverse, dy }) => {
    const normalised = tf.mul(tf.sub(x!, mean!), inverse!);
    const g = tf.mul(dy!, weight!);
    const along = tf.mul(normalised, tf.mean(tf.mul(g, normalised), -1, true));
    const dx = tf.mul(inverse!, tf.sub(tf.sub(g, tf.mean(g, -1, true)), along));
    const allButLast = x!.shape.slice(0, -1).map((_, axis) => axis);
    return [dx, tf.sum(tf.mul(dy!, normalised), allButLast), tf.sum(dy!, allButLast)];
  },
  kernels: (device, { x, weight, mean, inverse, dy }) => {
    const { rows, width } = rowsOf(x!);
    const dx = device.output(x!.shape);
    const sums = [device.output([width]), device.output([width])];
    const read = [x!, weight!, mean!, inverse!, dy!];
    device.overRows('layerNormGradient', rows, width, [...read, dx]);
    device.overColumns('layerNormSums', rows, width, [x!, mean!, inverse!, dy!, ...sums]);
    return [dx, ...sums];
  },
});

function rowsOf({ shape }: tf.TensorInfo) {
  const width = shape[shape.length - 1]!;
  const leading = shape.slice(0, -1);
  return { rows: tf.util.sizeFromShape(leading), width, perRow: [...leading, 1] };
}
