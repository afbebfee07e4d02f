/**
 * TensorFlow.js as the whole project sees it: one engine, with our kernels and gradients registered.
 * Every other file imports `tf` from here, so that no tensor is made before they are in place.
 */
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { registerGradients } from './gradients.js';
import { registerKernels } from './kernels.js';

registerKernels();
registerGradients();

export { tf };
