/**
 * A bundle: what `mmp bench-gpu` needs on a Linux machine without network, npm and Node. It holds this Node, the
 * compiled files and packages that the benchmark, the golden cases and the tests load, their data, and libraries
 * that the machine may lack; PyTorch is the machine's own.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../../files/commands.js';
import { beginFolder, finishFolder } from '../../files/folders.js';
import { projectRoot } from '../../files/paths.js';
import { writeJson } from '../../files/write.js';
import { useBackend } from '../../tensor/backend.js';
import { storeTask } from '../task.js';
import { storedTasks, tasks } from '../tasks.js';
import { installedLibraries, librariesNeeded } from './libraries.js';
import { bundleFile, revision } from './machine.js';
import { backendTests, mochaProgram, testSetup } from './tests.js';

/** So that a bundle can be sent where uploads are small. */
export const largestBundle = 64 * 2 ** 20;

const inProject = (...parts: string[]) => path.join(projectRoot, ...parts);
const compiled = (name: string) => inProject('dist', 'src', name);
const tracer = inProject('src', 'bench', 'gpu', 'trace.mjs');

/** Where the programs of a bundle begin: its command line, and what that starts as processes or threads. */
const programs = () => [
  compiled('bench/main.js'),
  compiled('bench/tfjsEngine.js'),
  compiled('bench/gpu/adapter.js'),
  compiled('tensor/wasm/helper.js'),
  mochaProgram,
  testSetup,
  ...backendTests(),
];

/** Needs pictures and what draws them; a bundle has the tasks that come of it. */
const replaced = [compiled('bench/emojiTasks.js')];

/** Files that no import names: Dawn, which is found by the system's name, and what is read as data. */
const others = [
  'node_modules/webgpu/dist/linux-x64',
  'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm',
  'node_modules/@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm',
  'dist/src/tensor/wasm/tfjs-backend-wasm-simd.wasm',
  'dist/src/tensor/wasm/kernels.wasm',
  'test/bench/torch_cmnext.py',
  'test/bench/torch_engine.py',
  'test/bench/torch_mmp.py',
  'test/bench/torch_small_vilt.py',
  'test/fixtures/golden',
  'test/fixtures/mult',
  'test/fixtures/torch',
];

/** The Vulkan loader, over which Dawn finds the GPU's driver. */
const loader = 'libvulkan.so.1';
/** What NVIDIA's driver for Vulkan is linked to besides; a machine without screens may lack them. */
const ofDriver = ['libX11.so.6', 'libXext.so.6', 'libGLdispatch.so.0'];

/**
 * Makes a bundle.
 *
 * @param target an archive, .tar.xz or another that `tar` knows by its ending, or a folder
 * @param say told of each step
 * @throws Error naming what is missing, when the archive is larger than `largestBundle`, or when the folder is
 *   there and is no bundle
 */
export async function packBundle(target: string, say: (line: string) => void): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`a bundle is made on Linux x64, not on ${process.platform} ${process.arch}`);
  }
  if (existsSync(bundleFile)) throw new Error('this is a bundle: pack from the project itself');
  const place = path.resolve(target);
  await (/\.(tar|tgz|txz|tar\.\w+)$/.test(place)
    ? packArchive(place, say)
    : packFolder(place, say));
}

async function packFolder(place: string, say: (line: string) => void): Promise<void> {
  if (existsSync(place) && !existsSync(path.join(place, path.basename(bundleFile)))) {
    throw new Error(`${place} is there, and is no bundle that could be replaced`);
  }
  const partial = beginFolder(place);
  try {
    await fill(partial, say);
    finishFolder(partial, place);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  say(`${place}: measures by ${place}/run.sh FOLDER`);
}

async function packArchive(place: string, say: (line: string) => void): Promise<void> {
  expectArchivers(place);
  const { dir, base } = path.parse(place);
  const folder = mkdtempSync(path.join(tmpdir(), 'mmp-bundle-'));
  // Its name ends as the archive's does, by which tar knows how to compress.
  const partial = path.join(dir, `.partial.${process.pid}.${base}`);
  try {
    // Temporary folders are their owner's alone, and what is unpacked has their mode.
    chmodSync(folder, 0o755);
    await fill(folder, say);
    say('compressing, for a minute or two …');
    archive(folder, partial);
    const { size } = statSync(partial);
    checkSize(place, size);
    renameSync(partial, place);
    say(`${place}: ${inMiB(size)} (${size} bytes); on the other machine:`);
    say(`mkdir x && tar -xf ${base} -C x && x/run.sh FOLDER`);
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(partial, { force: true });
  }
}

const inMiB = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** @throws Error naming the program that makes such an archive and is not there */
export function expectArchivers(file: string, environment = process.env): void {
  for (const program of file.endsWith('xz') ? ['tar', 'xz'] : ['tar']) {
    if (spawnSync(program, ['--version'], { env: environment }).status === 0) continue;
    throw new Error(
      `"${program}" does not run, and ${path.basename(file)} needs it; install it ` +
        '(on Debian and Ubuntu: tar, xz-utils), or name a folder',
    );
  }
}

function archive(folder: string, file: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const owner = ['--owner=0', '--group=0', '--numeric-owner', '--sort=name'];
  runCommand('tar', ['--auto-compress', ...owner, '-cf', file, '-C', folder, '.'], {
    env: { ...process.env, XZ_OPT: process.env.XZ_OPT ?? '-6 -T0' },
  });
}

/** @throws Error saying how large a bundle would be, when it is too large */
export function checkSize(file: string, size: number, largest = largestBundle): void {
  if (size <= largest) return;
  throw new Error(`${file} would have ${inMiB(size)}, and ${inMiB(largest)} are allowed`);
}

async function fill(folder: string, say: (line: string) => void): Promise<void> {
  const copy = (file: string) => {
    const relative = path.relative(projectRoot, file);
    if (relative.startsWith('..')) throw new Error(`${file} lies outside of ${projectRoot}`);
    cpSync(file, path.join(folder, relative), { recursive: true });
  };
  const files = trace(programs(), replaced);
  say(`${files.length} files that the programs load …`);
  for (const file of [...files, ...others.map((name) => inProject(name))]) copy(file);

  say('the tasks on emoji …');
  await useBackend('cpu');
  for (const make of [...tasks.d!, ...tasks.e!]) {
    const prepared = await make();
    const place = path.join(storedTasks, prepared.task.name);
    storeTask(path.join(folder, path.relative(projectRoot, place)), prepared);
  }

  const libraries = neededLibraries();
  say(`Node ${process.version}, ${[...libraries.keys()].join(', ')} …`);
  mkdirSync(path.join(folder, 'bin'));
  copyFileSync(process.execPath, path.join(folder, 'bin', 'node'));
  mkdirSync(path.join(folder, 'lib'));
  for (const [name, file] of libraries) copyFileSync(file, path.join(folder, 'lib', name));
  copyFileSync(inProject('src', 'bench', 'gpu', 'run.sh'), path.join(folder, 'run.sh'));
  writeJson(path.join(folder, path.basename(bundleFile)), {
    revision: revision(),
    date: new Date().toISOString(),
  });
}

/**
 * The files that programs load.
 *
 * @param entries where they begin
 * @param except files that are not followed
 * @param root the folder that all of them lie in
 */
export function trace(
  entries: readonly string[],
  except: readonly string[],
  root = projectRoot,
): string[] {
  const flags = ['--no-warnings', '--experimental-import-meta-resolve'];
  const task = JSON.stringify({ root, entries, except });
  const { status, stdout, stderr } = spawnSync(process.execPath, [...flags, tracer, task], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`following the imports failed: ${stderr.trim()}`);
  return JSON.parse(stdout) as string[];
}

/** The libraries of a bundle by name: those of Node and Dawn, the Vulkan loader, those of NVIDIA's driver. */
function neededLibraries(): Map<string, string> {
  const installed = installedLibraries();
  if (!installed.has(loader)) {
    throw new Error(`${loader} is not there: install the Vulkan loader (Debian: libvulkan1)`);
  }
  const roots = [loader, ...ofDriver].flatMap((name) => {
    const file = installed.get(name);
    return file === undefined ? [] : [[name, file] as const];
  });
  const dawn = inProject('node_modules', 'webgpu', 'dist', 'linux-x64', 'dawn.node');
  const users = [process.execPath, dawn, ...roots.map(([, file]) => file)];
  return new Map([...roots, ...users.flatMap((file) => [...librariesNeeded(file)])]);
}
