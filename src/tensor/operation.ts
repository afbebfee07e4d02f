/**
 * Operations of ours in TF.js's own registry of kernels and gradients: TF.js treats them as it does its own,
 * on the tape, in its profile and in its count of tensors.
 */
import * as tf from '@tensorflow/tfjs';
import type { KernelDevice } from './kernelDevice.js';
import { Team } from './wasm/team.js';
import { Gpu } from './webgpu/gpu.js';

export type Tensors = Record<string, tf.Tensor>;
export type Infos = Record<string, tf.TensorInfo>;
export type Attributes = Record<string, number | boolean>;

export interface Operation {
  readonly name: string;
  /** Computes it from TF.js operations, on the backends that our kernels do not run on. */
  readonly compute: (inputs: Tensors, attributes: Attributes) => tf.Tensor | tf.Tensor[];
  /** Computes it with our kernels, on wasm and WebGPU. */
  readonly kernels: (
    device: KernelDevice,
    inputs: Infos,
    attributes: Attributes,
  ) => tf.TensorInfo | tf.TensorInfo[];
  /** Its gradient; left out where nothing differentiates it. */
  readonly gradient?: Omit<tf.GradConfig, 'kernelName'>;
}

const otherBackends = ['cpu', 'tensorflow'];

/** The backends that our kernels run on */
const devices: Readonly<Record<string, (backend: unknown) => KernelDevice>> = {
  wasm: (backend) => Team.of(backend),
  webgpu: (backend) => Gpu.of(backend),
};

/**
 * Registers an operation for all backends.
 *
 * @returns a function that runs it
 */
export function defineOperation({
  name: kernelName,
  compute,
  kernels,
  gradient,
}: Operation): (inputs: Tensors, attributes?: Attributes) => tf.Tensor[] {
  for (const backendName of otherBackends) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs }) =>
        tf.tidy(() => compute(inputs as Tensors, attrs as Attributes)),
    });
  }
  for (const [backendName, deviceOf] of Object.entries(devices)) {
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: ({ inputs, attrs, backend }) =>
        kernels(deviceOf(backend), inputs as Infos, attrs as Attributes),
    });
  }
  if (gradient) tf.registerGradient({ kernelName, ...gradient });
  return (inputs, attributes = {}) => {
    const outputs = tf.engine().runKernel(kernelName, inputs, attributes);
    return Array.isArray(outputs) ? outputs : [outputs];
  };
}
