/** Which TF.js backend runs, and how it is chosen: native TensorFlow on a GPU, else wasm. */
import { isMainThread } from 'node:worker_threads';
import { loadNative, readNativeBuild } from './native.js';
import { tf } from './tf.js';
import { threadCount } from './wasm/team.js';

export const backendNames = ['tensorflow', 'wasm', 'cpu'] as const;
export type BackendName = (typeof backendNames)[number];

/** What a run stands on; printed first in every notebook and stored with every run. */
export interface BackendDescription {
  readonly name: BackendName;
  readonly device: string;
  readonly tfjs: string;
  readonly node: string;
}

/**
 * Loads native TensorFlow.
 *
 * @throws Error saying why it did not load, and what to do
 */
function loadTensorflow(): void {
  // It uses all cores by itself, and its settings reach it only from the main thread.
  if (!isMainThread) {
    throw new Error('backend tensorflow runs in the main thread only; use wasm or cpu in a worker');
  }
  try {
    loadNative();
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new Error(
      `backend tensorflow: native TensorFlow did not load (${reason}); ` +
        'build it by "npm run setup:native", or use MMP_BACKEND=wasm',
      { cause: error },
    );
  }
}

function isBackendName(name: string): name is BackendName {
  return (backendNames as readonly string[]).includes(name);
}

/**
 * Whether native TensorFlow is there and has a GPU. On a CPU wasm is the better choice at the workbook's
 * sizes (environment.md), so a build for the CPU is not even loaded.
 */
function nativeHasGpu(): boolean {
  if (!isMainThread || readNativeBuild()?.cudaFolders.length === 0) return false;
  try {
    loadNative();
  } catch {
    return false;
  }
  return (tf.findBackend('tensorflow') as unknown as NativeBackend).isUsingGpuDevice;
}

/**
 * Makes a backend the current one. Without a name it takes MMP_BACKEND, and without that tensorflow
 * where that has a GPU, and wasm elsewhere. A backend asked for by name is never replaced by another.
 *
 * @throws Error when the named backend is unknown or cannot run here, or MMP_THREADS is no number of threads
 */
export async function useBackend(
  name: string | undefined = process.env.MMP_BACKEND,
): Promise<BackendDescription> {
  if (name === undefined || name === '') return useBackend(nativeHasGpu() ? 'tensorflow' : 'wasm');
  if (!isBackendName(name)) {
    throw new Error(`unknown backend "${name}"; there are ${backendNames.join(', ')}`);
  }
  if (name === 'tensorflow') loadTensorflow();
  if (!(await tf.setBackend(name))) throw new Error(`backend ${name} did not start`);
  await tf.ready();
  // On its first use the cpu backend otherwise prints advice to install tfjs-node.
  if (name === 'cpu') (tf.backend() as unknown as { firstUse: boolean }).firstUse = false;
  return describeBackend();
}

/** Says what the current backend is and runs on. */
export function describeBackend(): BackendDescription {
  const name = tf.getBackend();
  if (!isBackendName(name)) throw new Error(`describeBackend: unexpected backend "${name}"`);
  return {
    name,
    device: describeDevice(name),
    tfjs: tf.version['tfjs-core'],
    node: process.version,
  };
}

function describeDevice(name: BackendName): string {
  if (name === 'cpu') return 'one core, plain JavaScript';
  if (name === 'wasm') {
    const threads = threadCount();
    return `WebAssembly SIMD, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  }
  const native = tf.backend() as unknown as NativeBackend;
  const device = native.isUsingGpuDevice ? 'GPU' : 'CPU (no usable GPU)';
  return `${device}, TensorFlow ${native.binding.TF_Version}`;
}

/** What the native backend tells of itself. */
interface NativeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: { readonly TF_Version: string };
}
