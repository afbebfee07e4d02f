/**
 * TensorFlow.js as the whole project sees it: one engine, with our kernels registered.
 * Every other file imports `tf` from here, so that no tensor is made before they are in place.
 */
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { registerKernels } from './wasm/kernels.js';

// TF.js's own wasm module, its memory shared so that threads of ours can work on it (wasm/build.mjs). Node
// always takes the one with SIMD and without threads of TF.js's.
const original = path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
setWasmPaths({
  'tfjs-backend-wasm.wasm': path.join(original, 'dist', 'tfjs-backend-wasm.wasm'),
  'tfjs-backend-wasm-simd.wasm': path.join(__dirname, 'wasm', 'tfjs-backend-wasm-simd.wasm'),
  'tfjs-backend-wasm-threaded-simd.wasm': path.join(
    original,
    'dist',
    'tfjs-backend-wasm-threaded-simd.wasm',
  ),
});

registerKernels();

export { tf };
