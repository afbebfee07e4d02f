/** Changes to the kernels of TF.js's wasm backend. */
import * as tf from '@tensorflow/tfjs';

/** A kernel for some cases; where it returns nothing, the backend's own takes over. */
export type Replacement = (
  parameters: Parameters<tf.KernelFunc>[0],
  original: tf.KernelFunc,
) => ReturnType<tf.KernelFunc> | undefined;

export function replace(kernelName: string, replacement: Replacement): void {
  const original = tf.getKernel(kernelName, 'wasm');
  tf.unregisterKernel(kernelName, 'wasm');
  tf.registerKernel({
    ...original,
    kernelFunc: (parameters) =>
      replacement(parameters, original.kernelFunc) ?? original.kernelFunc(parameters),
  });
}

/** Makes a kernel throw that would give wrong numbers. */
export function refuse(kernelName: string, why: string): void {
  replace(kernelName, () => {
    throw new Error(`${kernelName}: TF.js's wasm backend ${why}; use MMP_BACKEND=cpu`);
  });
}
