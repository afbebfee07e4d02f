/**
 * Native TensorFlow: the package that brings the `tensorflow` backend, where it lies and how it is
 * loaded. The package is `@tensorflow/tfjs-node-gpu`, whose compiled part, the addon, comes from
 * `npm run setup:native` or from the package's own download.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import util from 'node:util';
import { z } from 'zod';
import { projectRoot } from '../files/paths.js';
import { tf } from './tf.js';

export const nativePackage = '@tensorflow/tfjs-node-gpu';

/**
 * Where `npm run setup:native` puts its build. It lies outside node_modules, which an install empties,
 * and below the project, so that the package finds the project's TF.js: there must be one engine.
 */
export const nativeFolder = path.join(projectRoot, 'data', 'cache', 'native');

/** The addon's place in the package. */
export const addonFile = path.join('lib', 'napi-v8', 'tfjs_binding.node');

const buildSchema = z.object({
  /** The JavaScript package with its version */
  package: z.string(),
  /** The Python package with its version, whose libtensorflow is linked */
  wheel: z.string(),
  /** Where the CUDA libraries lie that the Python package brought */
  cudaFolders: z.array(z.string()),
});

/** What a finished build was made of. */
export type NativeBuild = z.infer<typeof buildSchema>;

/** The file in a build's folder that says what it was made of. */
export const buildFile = 'mmp-build.json';

/** Reads what the build in a folder was made of; undefined where there is no finished one. */
export function readNativeBuild(folder = nativeFolder): NativeBuild | undefined {
  const file = path.join(folder, buildFile);
  if (!existsSync(file)) return undefined;
  return buildSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/**
 * What must be in the environment of a process before it starts so that TensorFlow finds the CUDA
 * libraries: the dynamic linker reads LD_LIBRARY_PATH only then. Empty without CUDA libraries.
 */
export function nativeEnvironment(
  build = readNativeBuild(),
  environment = process.env,
): Record<string, string> {
  const folders = build?.cudaFolders ?? [];
  if (folders.length === 0) return {};
  const before = environment.LD_LIBRARY_PATH?.split(':') ?? [];
  const others = before.filter((folder) => folder && !folders.includes(folder));
  return { LD_LIBRARY_PATH: [...folders, ...others].join(':') };
}

/** float32 everywhere, or TF32, with 10 bits of mantissa, in matrix products and convolutions */
export type Precision = 'float32' | 'TF32';

/**
 * What CUDA's libraries multiply with on a GPU: float32 unless MMP_TF32=1 or the environment says otherwise.
 * They read their setting when they are loaded.
 */
function choosePrecision(): void {
  if (process.env.MMP_TF32 !== '1') process.env.NVIDIA_TF32_OVERRIDE ??= '0';
}

export const nativePrecision = (): Precision =>
  process.env.NVIDIA_TF32_OVERRIDE === '0' ? 'float32' : 'TF32';

/**
 * The folder of the package. Our own build comes first: somebody asked for it, and its TensorFlow is
 * years newer than the 2.9.1 that the package downloads.
 *
 * @throws Error when neither is there
 */
function findPackage(): string {
  if (existsSync(path.join(nativeFolder, buildFile))) return nativeFolder;
  const manifest = createRequire(__filename).resolve(`${nativePackage}/package.json`);
  return path.dirname(manifest);
}

/** The parts of the package that are used here. */
interface BackendModule {
  readonly NodeJSKernelBackend: new (addon: unknown, packageName: string) => tf.KernelBackend;
}

let loaded = false;

/**
 * Loads the package and registers its backend. This is what the package's main file does, less the
 * parts that nothing here needs: TensorBoard, `file://` addresses, and the search for the addon. The second call does nothing.
 *
 * @throws Error from Node when the package or its addon does not load
 */
export function loadNative(folder?: string): void {
  if (loaded) return;
  // The package calls these two; Node 22 warns of each, and Node 23 has them no more.
  const legacy = util as unknown as Record<string, unknown>;
  legacy.isNullOrUndefined = (value: unknown) => value === null || value === undefined;
  legacy.isArray = Array.isArray;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Without these kernels training is as fast, and TensorFlow does not print, past the level above,
  // that they are on.
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '0';
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
  choosePrecision();

  const place = folder ?? findPackage();
  const load = createRequire(path.join(place, 'package.json'));
  // The addon first: where it does not load, nothing has been registered.
  const addon: unknown = load(path.join(place, addonFile));
  load('./dist/register_all_kernels');
  const { NodeJSKernelBackend } = load('./dist/nodejs_kernel_backend') as BackendModule;
  const backend = new NodeJSKernelBackend(addon, nativePackage);
  tf.registerBackend('tensorflow', () => backend);
  loaded = true;
}
