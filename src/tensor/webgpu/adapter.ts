/**
 * WebGPU in Node: Dawn, from the package `webgpu`, over Vulkan (Linux), Metal (macOS) or Direct3D (Windows).
 * Here is all that has to be set up around it: the drivers that it may use, its globals, and the adapter.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A GPU, or a program that acts as one. */
export interface Adapter {
  readonly gpu: GPU;
  readonly adapter: GPUAdapter;
  /** What the driver calls it, and the driver */
  readonly name: string;
  /** The version of the package `webgpu` */
  readonly dawn: string;
  /** Computes on the CPU: right, but slower than any other backend */
  readonly software: boolean;
}

/**
 * Vulkan drivers that lie where the Vulkan loader does not look: NVIDIA's as some containers mount it, and
 * SwiftShader, the software driver that comes with Chromium and Chrome.
 */
export const driverFiles = [
  '/usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json',
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
];

/** Names drivers to the Vulkan loader, unless the environment has done so. */
function nameDrivers(): void {
  if (process.platform !== 'linux') return;
  // Without it some drivers complain on the terminal.
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  if (process.env.VK_ICD_FILENAMES ?? process.env.VK_DRIVER_FILES) return;
  const files = driverFiles.filter(existsSync).join(':');
  if (mayHaveGpu()) process.env.VK_ADD_DRIVER_FILES ??= files;
  // Without a GPU the others can only complain, on the terminal, that there is none.
  else if (files) process.env.VK_ICD_FILENAMES = files;
}

/**
 * Whether this machine can have a hardware adapter at all. On Linux a GPU has a device file, and without one
 * Dawn need not be loaded to know.
 */
export function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  const direct = existsSync('/dev/dri') ? readdirSync('/dev/dri') : [];
  const others = ['/dev/nvidiactl', '/dev/nvidia0', '/dev/dxg'];
  return direct.some((name) => name.startsWith('renderD')) || others.some(existsSync);
}

let asked: Promise<Adapter> | undefined;
let found: Adapter | undefined;

/**
 * The adapter with the highest performance. It is looked for once a process.
 *
 * @throws Error when Dawn does not load or finds no adapter
 */
export async function findAdapter(): Promise<Adapter> {
  return (found = await (asked ??= requestAdapter()));
}

/** The adapter that has been found. */
export function adapterInUse(): Adapter {
  if (!found) throw new Error('adapterInUse: none has been found yet');
  return found;
}

async function requestAdapter(): Promise<Adapter> {
  nameDrivers();
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  // For profiles: times of kernels as they are, not in steps of 0.1 ms as browsers must give them.
  const gpu = create(['disable-dawn-features=timestamp_quantization']);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) {
    const variable = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES'].find((name) => process.env[name]);
    const named = variable ? ` among those that ${variable} names (${process.env[variable]})` : '';
    throw new Error(`there is no adapter: no GPU whose driver Dawn can use${named}`);
  }
  const { info } = adapter;
  const names = [info.device || info.architecture || info.vendor, info.description];
  return {
    gpu,
    adapter,
    name: names.filter(Boolean).join(', '),
    dawn: packageVersion(),
    software: info.isFallbackAdapter,
  };
}

function packageVersion(): string {
  const folder = path.dirname(createRequire(__filename).resolve('webgpu'));
  const manifest = readFileSync(path.join(folder, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
