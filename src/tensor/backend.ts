/** Which TF.js backend runs, how it is chosen, and what it runs on. */
import { isMainThread } from 'node:worker_threads';
import { loadNative, nativePrecision, readNativeBuild, type Precision } from './native.js';
import { tf } from './tf.js';
import { threadCount } from './wasm/team.js';
import { adapterInUse, findAdapter, mayHaveGpu } from './webgpu/adapter.js';
import { loadWebgpu } from './webgpu/load.js';

export const backendNames = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** What can be asked for: a backend, or `cuda`: tensorflow, on an NVIDIA GPU or not at all. */
export const backendRequests = ['cuda', ...backendNames] as const;
export type BackendRequest = (typeof backendRequests)[number];

/** What a run stands on; printed first in every notebook and stored with every run. */
export interface BackendDescription {
  readonly name: BackendName;
  readonly device: string;
  /** Whether a GPU computes */
  readonly gpu: boolean;
  readonly precision: Precision;
  readonly tfjs: string;
  readonly node: string;
}

/** One way to get a backend. */
export interface Road {
  readonly request: BackendRequest;
  /** Makes the backend the current one, or says in an Error why it cannot run here. */
  readonly start: () => Promise<void>;
}

/** Why a backend cannot run here, and what to do about it. */
export class BackendUnavailable extends Error {
  constructor(
    readonly request: BackendRequest,
    readonly reason: string,
    readonly remedy: string,
    options?: ErrorOptions,
  ) {
    super(`backend ${request} cannot run here: ${reason}; ${remedy}`, options);
  }
}

/** How to get each backend, for who asks for one that is not there. */
const remedies: Readonly<Record<BackendRequest, string>> = {
  cuda: 'build it by "npm run setup:native -- --gpu" on a machine with an NVIDIA GPU, or use MMP_BACKEND=wasm',
  tensorflow: 'build it by "npm run setup:native", or use MMP_BACKEND=wasm',
  webgpu:
    "install the Vulkan loader and the GPU's driver (Debian: libvulkan1; without a GPU also chromium, whose " +
    'software driver is found), or use MMP_BACKEND=wasm',
  wasm: 'use MMP_BACKEND=cpu',
  cpu: 'install the packages again by "npm ci"',
};

/** The road that each request stands for. */
const roads: Readonly<Record<BackendRequest, () => Promise<void>>> = {
  cuda: () => startTensorflow({ gpu: true }),
  tensorflow: () => startTensorflow({ gpu: false }),
  webgpu: startWebgpu,
  wasm: () => start('wasm'),
  cpu: () => start('cpu'),
};

/**
 * The roads in the order in which they are tried where no backend is asked for: GPUs first, then wasm, which
 * is as fast or faster than native TensorFlow on a CPU at the workbook's sizes and shares the cores among
 * several seeds (environment.md).
 */
export const preference: readonly Road[] = [
  { request: 'cuda', start: roads.cuda },
  { request: 'webgpu', start: startHardwareWebgpu },
  { request: 'wasm', start: roads.wasm },
  { request: 'tensorflow', start: roads.tensorflow },
  { request: 'cpu', start: roads.cpu },
];

/**
 * Makes a backend the current one. Without a name it takes MMP_BACKEND, and without that the first of
 * `preference` that can run here. A backend asked for by name is never replaced by another.
 *
 * @throws Error when the name is unknown, or MMP_THREADS is no number of threads
 * @throws BackendUnavailable saying why it cannot run here and how to get it
 */
export async function useBackend(
  name: string | undefined = process.env.MMP_BACKEND,
): Promise<BackendDescription> {
  if (name === undefined || name === '') {
    await firstThatStarts(preference);
  } else {
    if (!isRequest(name)) {
      throw new Error(`unknown backend "${name}"; there are ${backendRequests.join(', ')}`);
    }
    await firstThatStarts([{ request: name, start: roads[name] }]);
  }
  return describeBackend();
}

/**
 * Starts the first backend that can run.
 *
 * @returns what was asked for by the road taken
 * @throws BackendUnavailable with the reason of the last, when none can
 */
export async function firstThatStarts(candidates: readonly Road[]): Promise<BackendRequest> {
  let failure: BackendUnavailable | undefined;
  for (const { request, start } of candidates) {
    try {
      await start();
      return request;
    } catch (error) {
      const reason = (error instanceof Error ? error.message : String(error)).split('\n')[0]!;
      failure = new BackendUnavailable(request, reason, remedies[request], { cause: error });
    }
  }
  throw failure ?? new Error('firstThatStarts: no candidates');
}

function isRequest(name: string): name is BackendRequest {
  return (backendRequests as readonly string[]).includes(name);
}

async function start(name: BackendName): Promise<void> {
  const before = tf.getBackend();
  if (!(await tf.setBackend(name))) {
    // TF.js has made it the current one all the same.
    if (before) await tf.setBackend(before);
    throw new Error('TF.js could not start it');
  }
  await tf.ready();
  // On its first use the cpu backend otherwise prints advice to install tfjs-node.
  if (name === 'cpu') (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
}

/**
 * Whether a backend runs in worker threads. TensorFlow and WebGPU use a whole machine by themselves, and what
 * they need is set once a process.
 */
export const runsInWorkers = (name: BackendName): boolean => name === 'wasm' || name === 'cpu';

function expectMainThread(): void {
  if (!isMainThread) throw new Error('it runs in the main thread only, not in a worker');
}

/** @param gpu whether it must have a GPU; on a CPU it otherwise runs without */
async function startTensorflow({ gpu }: { gpu: boolean }): Promise<void> {
  expectMainThread();
  if (gpu && readNativeBuild()?.cudaFolders.length === 0) {
    throw new Error('native TensorFlow was built for the CPU');
  }
  try {
    loadNative();
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new Error(`native TensorFlow did not load (${reason})`, { cause: error });
  }
  const native = tf.findBackend('tensorflow') as unknown as NativeBackend;
  if (gpu && !native.isUsingGpuDevice) throw new Error('TensorFlow finds no GPU that it can use');
  await start('tensorflow');
}

async function startWebgpu(): Promise<void> {
  expectMainThread();
  await loadWebgpu();
  await start('webgpu');
}

/** WebGPU, where it is the faster choice. */
async function startHardwareWebgpu(): Promise<void> {
  expectMainThread();
  if (!mayHaveGpu()) throw new Error('this machine has no GPU');
  const { name, software } = await findAdapter();
  if (software) throw new Error(`the only adapter is software: ${name}`);
  await startWebgpu();
}

/** Says what the current backend is and runs on. */
export function describeBackend(): BackendDescription {
  const name = tf.getBackend() as BackendName;
  return {
    name,
    ...describeDevice(name),
    tfjs: tf.version['tfjs-core'],
    node: process.version,
  };
}

/** A description in one line. */
export function backendLine({ name, device, precision, tfjs, node }: BackendDescription): string {
  return `backend: ${name} (${device}), ${precision} · TF.js ${tfjs} · Node ${node}`;
}

type Device = Pick<BackendDescription, 'device' | 'gpu' | 'precision'>;

function describeDevice(name: BackendName): Device {
  const onCpu = { gpu: false, precision: 'float32' } as const;
  switch (name) {
    case 'cpu':
      return { ...onCpu, device: 'one core, plain JavaScript' };
    case 'wasm': {
      const threads = threadCount();
      const device = `WebAssembly SIMD, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
      return { ...onCpu, device };
    }
    case 'webgpu': {
      const { name: adapter, software, dawn } = adapterInUse();
      const kind = software ? 'software, on the CPU' : 'GPU';
      const device = `${kind}: ${adapter}, Dawn (webgpu ${dawn})`;
      return { gpu: !software, precision: 'float32', device };
    }
    case 'tensorflow': {
      const native = tf.backend() as unknown as NativeBackend;
      const version = `TensorFlow ${native.binding.TF_Version}`;
      if (!native.isUsingGpuDevice) return { ...onCpu, device: `CPU (no usable GPU), ${version}` };
      return { gpu: true, precision: nativePrecision(), device: `GPU, ${version}` };
    }
    default:
      throw new Error(`describeBackend: unexpected backend "${String(name)}"`);
  }
}

/** What the native backend tells of itself. */
interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}
