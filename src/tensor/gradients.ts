/**
 * Gradients that TF.js has, but not in a form that trains well, replaced through its public
 * gradient registry. The numbers are the same; only the way to them differs.
 */
import * as tf from '@tensorflow/tfjs';

/** Swaps the last two axes of x. */
function transposed(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return tf.transpose(x, [...axes.slice(0, -2), x.rank - 1, x.rank - 2]);
}

/**
 * op(A)·op(B). The wasm backend multiplies single plain matrices on its fast path, but those with a
 * transposition flag on a generic path about twelve times slower: there, transpose first.
 */
function multiply(a: tf.Tensor, b: tf.Tensor, transposeA: boolean, transposeB: boolean): tf.Tensor {
  const single = [a, b].every((x) => x.shape.slice(0, -2).every((size) => size === 1));
  if (!single || tf.getBackend() !== 'wasm') return tf.matMul(a, b, transposeA, transposeB);
  return tf.matMul(transposeA ? transposed(a) : a, transposeB ? transposed(b) : b);
}

/**
 * The gradient of Y = A·B: dA = dY·Bᵀ and dB = Aᵀ·dY; where a factor went in transposed, the
 * transpose of that. Each is computed only when something asks for it.
 */
const matMulGradient: tf.GradConfig = {
  kernelName: 'BatchMatMul',
  inputsToSave: ['a', 'b'],
  gradFunc: (dy, saved, attributes) => {
    const [a, b] = saved as [tf.Tensor, tf.Tensor];
    const { transposeA, transposeB } = attributes as { transposeA: boolean; transposeB: boolean };
    const dY = dy as tf.Tensor;
    return {
      a: () =>
        transposeA ? multiply(b, dY, transposeB, true) : multiply(dY, b, false, !transposeB),
      b: () =>
        transposeB ? multiply(dY, a, true, transposeA) : multiply(a, dY, !transposeA, false),
    };
  },
};

export function registerGradients(): void {
  tf.registerGradient(matMulGradient);
}
