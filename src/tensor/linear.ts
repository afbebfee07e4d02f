/** The linear layer y = x·W + b, weights [in, out]; some have no b. */
import { defineOperation } from './operation.js';
import {
  xavierUniform,
  zeros,
  type Declarations,
  type Initialiser,
  type Parameters,
} from './parameters.js';
import { tf } from './tf.js';

/** Declares `{name}.weight` [inputs, outputs] and `{name}.bias` [outputs], zero. */
export function addLinear(
  parameters: Declarations,
  name: string,
  inputs: number,
  outputs: number,
  initialiser: Initialiser = xavierUniform,
): void {
  parameters.add(`${name}.weight`, [inputs, outputs], initialiser);
  parameters.add(`${name}.bias`, [outputs], zeros);
}

/**
 * Applies the layer to the last axis, without a bias where none is declared.
 *
 * @param x [..., inputs]
 * @returns [..., outputs]
 */
export function linear(parameters: Parameters, name: string, x: tf.Tensor): tf.Tensor {
  const weight = parameters.get(`${name}.weight`);
  const [inputs] = weight.shape as [number, number];
  if (x.shape[x.rank - 1] !== inputs) {
    throw new Error(`linear ${name}: last axis must be ${inputs}, got [${x.shape.join(', ')}]`);
  }
  const bias = `${name}.bias`;
  return linearBy(x, weight, parameters.has(bias) ? parameters.get(bias) : undefined);
}

/** x·W + b for weights [in, out] that need not be parameters. */
export const linearBy = (x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor =>
  affine({ x, weight, ...(bias ? { bias } : {}) })[0]!;

/** x·W + b as it is written; TF.js finds its gradient. The specification of `linear`. */
export function plainLinear(x: tf.Tensor, weight: tf.Tensor, bias?: tf.Tensor): tf.Tensor {
  const [inputs, outputs] = weight.shape as [number, number];
  // One plain matrix product: TF.js multiplies [B, N, in]·[in, out] forward but not backward.
  const rows = tf.matMul(tf.reshape(x, [-1, inputs]), weight);
  return tf.reshape(bias ? tf.add(rows, bias) : rows, [...x.shape.slice(0, -1), outputs]);
}

/** x·W + b; each of its gradients is computed only where it is asked for. */
const affine = defineOperation({
  name: 'Affine',
  compute: ({ x, weight, bias }) => plainLinear(x!, weight!, bias),
  kernels: (device, { x, weight, bias }) => {
    const [inputs, outputs] = weight!.shape as [number, number];
    const y = device.output([...x!.shape.slice(0, -1), outputs]);
    device.gemm({
      rows: tf.util.sizeFromShape(x!.shape) / inputs,
      columns: outputs,
      depth: inputs,
      ...(bias ? { bias: { at: bias } } : {}),
      a: { at: x!, row: inputs, column: 1 },
      b: { at: weight!, row: outputs, column: 1 },
      c: { at: y, row: outputs },
    });
    return y;
  },
  gradient: {
    inputsToSave: ['x', 'weight'],
    gradFunc: (dys, [x, weight]) => {
      const dy = dys as tf.Tensor;
      return {
        x: () => inputGradient({ dy, weight: weight! })[0]!,
        weight: () => weightGradient({ x: x!, dy })[0]!,
        bias: () => biasGradient({ dy })[0]!,
      };
    },
  },
});

/** dx = dy·Wᵀ [..., in] */
const inputGradient = defineOperation({
  name: 'AffineInputGradient',
  compute: ({ dy, weight }) => {
    const [inputs, outputs] = weight!.shape as [number, number];
    const dx = tf.matMul(tf.reshape(dy!, [-1, outputs]), weight!, false, true);
    return tf.reshape(dx, [...dy!.shape.slice(0, -1), inputs]);
  },
  kernels: (device, { dy, weight }) => {
    const [inputs, outputs] = weight!.shape as [number, number];
    const dx = device.output([...dy!.shape.slice(0, -1), inputs]);
    device.gemm({
      rows: tf.util.sizeFromShape(dy!.shape) / outputs,
      columns: inputs,
      depth: outputs,
      a: { at: dy!, row: outputs, column: 1 },
      b: { at: weight!, row: 1, column: outputs },
      c: { at: dx, row: inputs },
    });
    return dx;
  },
});

/** dW = Σ_rows xᵀ·dy [in, out] */
const weightGradient = defineOperation({
  name: 'AffineWeightGradient',
  compute: ({ x, dy }) => {
    const rows = (tensor: tf.Tensor) => tf.reshape(tensor, [-1, tensor.shape[tensor.rank - 1]!]);
    return tf.matMul(rows(x!), rows(dy!), true, false);
  },
  kernels: (device, { x, dy }) => {
    const inputs = x!.shape[x!.shape.length - 1]!;
    const outputs = dy!.shape[dy!.shape.length - 1]!;
    const dw = device.output([inputs, outputs]);
    device.gemm({
      rows: inputs,
      columns: outputs,
      depth: tf.util.sizeFromShape(x!.shape) / inputs,
      a: { at: x!, row: 1, column: inputs },
      b: { at: dy!, row: outputs, column: 1 },
      c: { at: dw, row: outputs },
    });
    return dw;
  },
});

/** db = Σ_rows dy [out] */
const biasGradient = defineOperation({
  name: 'AffineBiasGradient',
  compute: ({ dy }) => {
    const allButLast = dy!.shape.slice(0, -1).map((_, axis) => axis);
    return tf.sum(dy!, allButLast);
  },
  kernels: (device, { dy }) => {
    const outputs = dy!.shape[dy!.shape.length - 1]!;
    const db = device.output([outputs]);
    device.overColumns('columnSums', tf.util.sizeFromShape(dy!.shape) / outputs, outputs, [
      dy!,
      db,
    ]);
    return db;
  },
});
