/** Native TensorFlow: our build, the CUDA libraries that it uses, and the package's own download. */
import path from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../files/paths.js';
import {
  addonFile,
  buildFile,
  nativeFolder,
  nativePackage,
  type NativeBuild,
} from '../tensor/native.js';
import { parseJson } from './json.js';
import type { Probe } from './probe.js';
import type { Finding, State } from './report.js';

const remedy = 'npm run setup:native';
const remedyOnGpu = `${remedy} -- --gpu, on a machine with an NVIDIA GPU`;

/** The libraries that TensorFlow loads first; each brings others. */
const cudaLibraries = ['libcudart.so', 'libcublas.so', 'libcudnn.so'];

export function nativeFindings(probe: Probe): Finding[] {
  let build: NativeBuild | undefined;
  try {
    build = probe.nativeBuild();
  } catch {
    const file = path.relative(projectRoot, path.join(nativeFolder, buildFile));
    return [finding('native build', 'failed', `${file} is damaged`, remedy)];
  }
  return [
    buildFinding(probe, build),
    ...(build ? [cudaFinding(probe, build)] : []),
    downloadFinding(probe, build),
  ];
}

function finding(what: string, state: State, detail: string, todo: string | null = null): Finding {
  return { area: 'native', what, state, detail, remedy: todo };
}

function buildFinding(probe: Probe, build: NativeBuild | undefined): Finding {
  const what = 'native build';
  if (!build) {
    if (probe.platform !== 'linux') return finding(what, 'missing', 'it is made on Linux only');
    return finding(what, 'missing', 'not built', `${remedy}, which needs about 2 GB`);
  }
  const library = path.join(nativeFolder, 'deps', 'lib', 'libtensorflow.so');
  for (const part of [path.join(nativeFolder, addonFile), library]) {
    if (probe.exists(part)) continue;
    const place = path.relative(projectRoot, part);
    // The libraries are links into a Python environment.
    return finding(what, 'failed', `${build.wheel}, but ${place} leads to nothing`, remedy);
  }
  return finding(what, 'ok', `${build.wheel}, ${build.package}`);
}

function cudaFinding(probe: Probe, { cudaFolders, wheel }: NativeBuild): Finding {
  const what = 'CUDA libraries';
  if (cudaFolders.length === 0) {
    return finding(what, 'missing', `none: ${wheel} is for the CPU`, remedyOnGpu);
  }
  const gone = cudaFolders.filter((folder) => !probe.exists(folder));
  if (gone.length > 0) {
    return finding(what, 'failed', `folders that are gone: ${gone.join(', ')}`, remedyOnGpu);
  }
  const files = cudaFolders.flatMap((folder) => probe.list(folder));
  const lacking = cudaLibraries.filter((name) => !files.some((file) => file.startsWith(name)));
  if (lacking.length > 0) {
    const detail = `not in the folders of the build: ${lacking.join(', ')}`;
    return finding(what, 'failed', detail, remedyOnGpu);
  }
  const found = files.filter((file) => cudaLibraries.some((name) => file.startsWith(name)));
  return finding(what, 'ok', `${found.join(', ')} and others`);
}

function downloadFinding(probe: Probe, build: NativeBuild | undefined): Finding {
  const what = 'stock download';
  const folder = path.join(projectRoot, 'node_modules', nativePackage);
  const manifest = z
    .object({ version: z.string() })
    .safeParse(parseJson(probe.read(path.join(folder, 'package.json'))));
  const todo = build ? null : remedy;
  if (!manifest.success) {
    return finding(what, 'missing', `${nativePackage} is not installed (optional)`, todo);
  }
  const name = `${nativePackage} ${manifest.data.version}`;
  if (!probe.exists(path.join(folder, addonFile))) {
    return finding(what, 'failed', `${name} without its addon ${addonFile}`, todo);
  }
  return finding(what, 'ok', build ? `${name}; our build comes before it` : name);
}
