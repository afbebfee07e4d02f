/** The TF.js backend `webgpu` on Node: TF.js's own, on a device that we request. */
import { tf } from '../tf.js';
import { findAdapter, type Adapter } from './adapter.js';

/** What TF.js's kernels may use as much of as the adapter has; WebGPU's default limits are lower. */
const limits = [
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupStorageSize',
  'maxStorageBuffersPerShaderStage',
  'maxStorageBufferBindingSize',
] as const;

let loaded: Promise<void> | undefined;

/**
 * Registers the backend, with its kernels. The second call does nothing.
 *
 * @throws Error when there is no adapter or its device cannot be had
 */
export function loadWebgpu(): Promise<void> {
  return (loaded ??= load());
}

async function load(): Promise<void> {
  const found = await findAdapter();
  const device = await requestDevice(found);
  const { WebGPUBackend } = await import('@tensorflow/tfjs-backend-webgpu');
  // TF.js finds out whether there is WebGPU by the browser's `navigator`. It is here only while the backend is
  // made: so TF.js's own factory is never registered, which asks for a device by a malformed list of features,
  // and nothing keeps Node from ending.
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: found.gpu }, configurable: true });
  try {
    const backend = new (watched(WebGPUBackend))(device, found.adapter.info);
    tf.registerBackend('webgpu', () => backend);
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else delete (globalThis as { navigator?: unknown }).navigator;
  }
  // TF.js otherwise computes with small tensors on the CPU, in kernels other than those that are asked for.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
}

function requestDevice({ adapter }: Adapter): Promise<GPUDevice> {
  const features: GPUFeatureName[] = ['timestamp-query'];
  return adapter.requestDevice({
    requiredFeatures: features.filter((feature) => adapter.features.has(feature)),
    requiredLimits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]])),
  });
}

type BackendClass = (typeof import('@tensorflow/tfjs-backend-webgpu'))['WebGPUBackend'];

/**
 * The backend, told of what WebGPU reports outside of any call: a shader that does not compile, memory that
 * is not there, a device that is lost. TF.js lets these pass and reads zeros.
 */
function watched(Backend: BackendClass): BackendClass {
  return class extends Backend {
    private failure: string | undefined;

    constructor(...parameters: ConstructorParameters<BackendClass>) {
      super(...parameters);
      const [device] = parameters;
      device.addEventListener('uncapturederror', (event) => {
        // Dawn would print it among what the program prints.
        event.preventDefault();
        this.failure ??= event.error.message;
      });
      void device.lost.then(({ message, reason }) => {
        this.failure ??= `the device is lost (${reason}): ${message}`;
      });
    }

    override async read(dataId: object): ReturnType<InstanceType<BackendClass>['read']> {
      const values = await super.read(dataId).catch(async (error: unknown) => {
        // A read that the loss of the device cuts off says nothing, and may do so before the device does.
        await new Promise(setImmediate);
        throw this.failure === undefined ? error : this.reported(error);
      });
      if (this.failure !== undefined) throw this.reported();
      return values;
    }

    private reported(cause?: unknown): Error {
      return new Error(`webgpu: ${this.failure}`, { cause });
    }

    override readSync(): never {
      throw new Error('webgpu reads asynchronously only: use await x.data(), not x.dataSync()');
    }
  };
}
