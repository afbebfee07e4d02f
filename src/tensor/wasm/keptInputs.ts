/**
 * Kernels of TF.js's that keep what they made of an input, such as a filter packed for XNNPACK, by the id of its
 * data, and take it the next time: they would not see that an optimiser has changed the values in their place. Each
 * call gives them copies, with which what was made of them goes.
 */
import type * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { replace } from './replace.js';
import { Team } from './team.js';

/** The inputs that are kept, by kernel */
const kept: Readonly<Record<string, readonly string[]>> = {
  Conv2D: ['filter'],
  DepthwiseConv2dNative: ['filter'],
  FusedConv2D: ['filter', 'bias'],
  FusedDepthwiseConv2D: ['filter', 'bias'],
  _FusedMatMul: ['b', 'bias'],
  Prelu: ['alpha'],
};

export function registerKeptInputs(): void {
  for (const [kernelName, names] of Object.entries(kept)) {
    replace(kernelName, ({ inputs, backend, attrs }, original) => {
      const given = names.flatMap((name) => (inputs[name] ? [[name, inputs[name]] as const] : []));
      const copies = given.map(([name, tensor]) => [name, copyOf(backend, tensor)] as const);
      try {
        return original({ inputs: { ...inputs, ...Object.fromEntries(copies) }, backend, attrs });
      } finally {
        const wasm = backend as unknown as BackendWasm;
        for (const [, { dataId }] of copies) wasm.disposeData(dataId);
      }
    });
  }
}

function copyOf(backend: object, tensor: tf.TensorInfo): tf.TensorInfo {
  const wasm = backend as BackendWasm;
  const copy = Team.of(backend).output(tensor.shape);
  wasm.typedArrayFromHeap(copy).set(wasm.typedArrayFromHeap(tensor));
  return copy;
}
