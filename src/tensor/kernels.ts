/**
 * Kernels that training needs and the wasm backend lacks or does slowly, put in through TF.js's public
 * kernel registry. They work on the backend's own memory.
 */
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/**
 * UnsortedSegmentSum, which wasm lacks: row r of the output is the sum of the rows of x whose segment is
 * r. It is the gradient of every table look-up (`tf.gather`).
 *
 * x float32 [n, ...], segmentIds int32 [n] → [numSegments, ...]
 */
const unsortedSegmentSum: tf.KernelConfig = {
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc: ({ inputs, backend, attrs }) => {
    const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
    const { numSegments } = attrs as { numSegments: number };
    const wasm = backend as unknown as BackendWasm;
    // Outputs first: making one may move the memory, and with it every view.
    const out = wasm.makeOutput([numSegments, ...x.shape.slice(1)], 'float32');
    const sums = wasm.typedArrayFromHeap(out);
    const rows = wasm.typedArrayFromHeap(x);
    const segments = wasm.typedArrayFromHeap(segmentIds);
    const width = rows.length / segments.length;
    sums.fill(0);
    segments.forEach((segment, row) => {
      // A negative segment is dropped, as TensorFlow does.
      if (segment < 0) return;
      for (let column = 0; column < width; column++) {
        sums[segment * width + column]! += rows[row * width + column]!;
      }
    });
    return out;
  },
};

/**
 * Slice of neighbouring values. The backend's own copies the whole input for each slice, which makes
 * cutting a packed vector into its n parts n times too slow.
 */
function withFastSlices(original: tf.KernelConfig): tf.KernelConfig {
  return {
    ...original,
    kernelFunc: (parameters) => {
      const { inputs, backend, attrs } = parameters;
      const { x } = inputs as { x: tf.TensorInfo };
      const { begin, size } = attrs as { begin: number | number[]; size: number | number[] };
      const [start, lengths] = tf.slice_util.parseSliceParams(x, begin, size) as [
        number[],
        number[],
      ];
      if (x.dtype === 'string' || !tf.slice_util.isSliceContinous(x.shape, start, lengths)) {
        return original.kernelFunc(parameters);
      }
      const wasm = backend as unknown as BackendWasm;
      const out = wasm.makeOutput(lengths, x.dtype);
      const values = wasm.typedArrayFromHeap(out);
      const offset = tf.slice_util.computeFlatOffset(start, tf.util.computeStrides(x.shape));
      values.set(wasm.typedArrayFromHeap(x).subarray(offset, offset + values.length));
      return out;
    },
  };
}

export function registerKernels(): void {
  tf.registerKernel(unsortedSegmentSum);
  const slice = tf.getKernel('Slice', 'wasm');
  tf.unregisterKernel('Slice', 'wasm');
  tf.registerKernel(withFastSlices(slice));
}
