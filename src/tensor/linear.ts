/** The linear layer y = x·W + b, weights [in, out]. */
import { defineOperation } from './operation.js';
import { xavierUniform, zeros, type Parameters } from './parameters.js';
import { tf } from './tf.js';
import { gemm } from './wasm/gemm.js';

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
  const [inputs] = weight.shape as [number, number];
  if (x.shape[x.rank - 1] !== inputs) {
    throw new Error(`linear ${name}: last axis must be ${inputs}, got [${x.shape.join(', ')}]`);
  }
  return affine({ x, weight, bias: parameters.get(`${name}.bias`) })[0]!;
}

/** x·W + b as it is written; TF.js finds its gradient. The specification of `linear`. */
export function plainLinear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const [inputs, outputs] = weight.shape as [number, number];
  // One plain matrix product: TF.js multiplies [B, N, in]·[in, out] forward but not backward.
  const rows = tf.matMul(tf.reshape(x, [-1, inputs]), weight);
  return tf.reshape(tf.add(rows, bias), [...x.shape.slice(0, -1), outputs]);
}

/** dx = dy·Wᵀ, dW = Σ_rows xᵀ·dy, db = Σ_rows dy, each only where it is asked for. */
const affine = defineOperation({
  name: 'Affine',
  compute: ({ x, weight, bias }) => plainLinear(x!, weight!, bias!),
  wasm: (team, { x, weight, bias }) => {
    const [inputs, outputs] = weight!.shape as [number, number];
    const y = team.output([...x!.shape.slice(0, -1), outputs]);
    gemm(team, {
      rows: tf.util.sizeFromShape(x!.shape) / inputs,
      columns: outputs,
      depth: inputs,
      bias: { at: team.address(bias!) },
      a: { at: team.address(x!), row: inputs, column: 1 },
      b: { at: team.address(weight!), row: outputs, column: 1 },
      c: { at: team.address(y), row: outputs },
    });
    return y;
  },
  gradient: {
    inputsToSave: ['x', 'weight'],
    gradFunc: (dys, [x, weight]) => {
      const [inputs, outputs] = weight!.shape as [number, number];
      const dy = tf.reshape(dys as tf.Tensor, [-1, outputs]);
      return {
        x: () => tf.reshape(tf.matMul(dy, weight!, false, true), x!.shape),
        weight: () => tf.matMul(tf.reshape(x!, [-1, inputs]), dy, true, false),
        bias: () => tf.sum(dy, 0),
      };
    },
  },
});
