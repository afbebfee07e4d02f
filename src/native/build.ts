/**
 * `npm run setup:native`: native TensorFlow where the download of `@tensorflow/tfjs-node-gpu` fails or
 * is too old. The package ships the C++ source of its addon, which uses only TensorFlow's C interface;
 * it compiles against the libtensorflow inside TensorFlow's Python package, and is linked to it there.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { runCommand } from '../files/commands.js';
import { beginFolder, finishFolder } from '../files/folders.js';
import { projectRoot } from '../files/paths.js';
import { installPackages, prepareEnvironment, projectEnvironment } from '../files/python.js';
import { writeJson } from '../files/write.js';
import {
  addonFile,
  buildFile,
  nativeEnvironment,
  nativeFolder,
  nativePackage,
  readNativeBuild,
  type NativeBuild,
} from '../tensor/native.js';

/** A Python package with a libtensorflow in it. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  readonly extra: string;
  /** The virtual environment that it goes into */
  readonly environment: string;
}

/** Each has an environment of its own, because both write to the same folder. */
export const wheels = {
  cpu: {
    name: 'tensorflow-cpu',
    version: '2.21.0',
    extra: '',
    environment: projectEnvironment,
  },
  gpu: {
    name: 'tensorflow',
    version: '2.21.0',
    extra: '[and-cuda]',
    environment: path.join(projectRoot, '.venv-gpu'),
  },
} as const satisfies Record<string, Wheel>;

/** What the package needs while it runs, besides the project's own TF.js. */
const runtimePackage = 'google-protobuf';

interface LockEntry {
  readonly version: string;
  readonly integrity: string;
}

/** An npm package as the project's lock file has it. */
function lockEntry(name: string): LockEntry {
  const lock = readFileSync(path.join(projectRoot, 'package-lock.json'), 'utf8');
  return (JSON.parse(lock) as { packages: Record<string, LockEntry> }).packages[
    `node_modules/${name}`
  ]!;
}

/**
 * Builds native TensorFlow, unless a build of the same parts is there and loads. An earlier build is
 * replaced only by a whole new one that has computed something.
 *
 * @param say told of each step, and of what came out
 * @throws Error naming what is missing or which step failed
 */
export function setUpNative(
  wheel: Wheel,
  say: (line: string) => void,
  folder = nativeFolder,
): void {
  if (process.platform !== 'linux') {
    throw new Error('native TensorFlow is built on Linux only; use MMP_BACKEND=wasm here');
  }
  const made = {
    package: `${nativePackage} ${lockEntry(nativePackage).version}`,
    wheel: `${wheel.name} ${wheel.version}`,
  };
  const present = readNativeBuild(folder);
  if (present?.package === made.package && present.wheel === made.wheel) {
    try {
      say(`native TensorFlow is there already: ${tryBuild(folder, present)}`);
      return;
    } catch (error) {
      say(`${(error as Error).message}: it is built again`);
    }
  }
  const nodeGyp = findTools();
  say(`${wheel.name} ${wheel.version} in ${path.basename(wheel.environment)} …`);
  const python = prepareEnvironment(wheel.environment, 'native TensorFlow');
  const library = installWheel(python, wheel);
  const build: NativeBuild = { ...made, cudaFolders: cudaFoldersBeside(library) };

  const partial = beginFolder(folder);
  try {
    say(`${made.package}: source …`);
    unpack(nativePackage, partial);
    unpack(runtimePackage, path.join(partial, 'node_modules', runtimePackage));
    linkLibrary(library, path.join(partial, 'deps'));
    say('compiling the addon …');
    compile(partial, nodeGyp, python, `${folder}.log`);
    const device = tryBuild(partial, build);
    writeJson(path.join(partial, buildFile), build);
    finishFolder(partial, folder);
    say(`native TensorFlow is ready: ${device}`);
  } catch (error) {
    rmSync(partial, { recursive: true });
    throw error;
  }
  for (const [name, value] of Object.entries(nativeEnvironment(build))) {
    say(`before a program of your own: export ${name}=${value}`);
  }
}

/**
 * Makes sure of the compiler before anything is downloaded.
 *
 * @returns the node-gyp that npm brings
 * @throws Error naming what is missing
 */
export function findTools(environment = process.env): string {
  const nodeGyp = environment.npm_config_node_gyp;
  if (!nodeGyp) throw new Error('run this by "npm run setup:native": npm brings node-gyp along');
  const compiler = environment.CXX ?? 'g++';
  for (const [command, purpose] of [
    ['make', 'make'],
    [compiler, 'a C++ compiler'],
    ['tar', 'tar'],
  ] as const) {
    if (spawnSync(command, ['--version'], { env: environment }).status === 0) continue;
    throw new Error(
      `native TensorFlow needs ${purpose}, and "${command}" does not run; install it ` +
        '(on Debian and Ubuntu: the package build-essential) and run the same again',
    );
  }
  return nodeGyp;
}

/**
 * Installs a wheel, unless it is there.
 *
 * @returns the folder with its libraries
 * @throws Error when it cannot be had, or is not what it should be
 */
export function installWheel(python: string, { name, version, extra }: Wheel): string {
  let found = findWheel(python, name);
  if (found?.version !== version) {
    try {
      installPackages(python, [`${name}${extra}==${version}`]);
    } catch (error) {
      throw new Error(
        `${(error as Error).message}. This needs the network, and Python 3.10 to 3.13 on a machine ` +
          `that ${name} ${version} is made for`,
        { cause: error },
      );
    }
    found = findWheel(python, name);
  }
  if (found?.version !== version) {
    throw new Error(`${name} ${version} was installed, but ${found?.version ?? 'none'} is there`);
  }
  for (const part of [...Object.values(libraryLinks), path.join('include', 'tensorflow', 'c')]) {
    if (existsSync(path.join(found.folder, part))) continue;
    throw new Error(`${name} ${version} in ${found.folder} has no ${part}`);
  }
  return found.folder;
}

function findWheel(python: string, name: string): { version: string; folder: string } | undefined {
  // Found, not imported: importing TensorFlow takes seconds.
  const code =
    'import importlib.metadata as m, importlib.util as u, json, sys; ' +
    'v = m.version(sys.argv[1]); f = u.find_spec("tensorflow").submodule_search_locations[0]; ' +
    'print(json.dumps({"version": v, "folder": f}))';
  const { status, stdout } = spawnSync(python, ['-c', code, name], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return JSON.parse(stdout) as { version: string; folder: string };
}

/** The CUDA libraries that came with the Python package lie in site-packages/nvidia/…/lib. */
export function cudaFoldersBeside(library: string): string[] {
  const nvidia = path.join(path.dirname(library), 'nvidia');
  if (!existsSync(nvidia)) return [];
  return readdirSync(nvidia)
    .sort()
    .map((name) => path.join(nvidia, name, 'lib'))
    .filter((folder) => existsSync(folder));
}

/**
 * Downloads an npm package as the lock file has it and unpacks it, without running its scripts.
 *
 * @throws Error when it cannot be had, or is not the one of the lock file
 */
export function unpack(name: string, folder: string): void {
  const { version, integrity } = lockEntry(name);
  mkdirSync(folder, { recursive: true });
  const specification = `${name}@${version}`;
  runCommand('npm', ['pack', specification, '--loglevel=error', `--pack-destination=${folder}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const packed = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (packed === undefined) throw new Error(`npm pack ${specification} left no file`);
  const archive = path.join(folder, packed);
  const hash = createHash('sha512').update(readFileSync(archive)).digest('base64');
  if (`sha512-${hash}` !== integrity) {
    throw new Error(`${specification} is not the package that package-lock.json names`);
  }
  runCommand('tar', ['-xzf', archive, '-C', folder, '--strip-components=1']);
  rmSync(archive);
}

/** The names under which the addon and the libraries look for each other, and the files in the wheel. */
const libraryLinks = {
  'libtensorflow.so': 'libtensorflow_cc.so.2',
  'libtensorflow_cc.so.2': 'libtensorflow_cc.so.2',
  'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
  'libtensorflow_framework.so.2': 'libtensorflow_framework.so.2',
};

/** Links headers and libraries where the package expects its own download; they are too large to copy. */
export function linkLibrary(library: string, folder: string): void {
  mkdirSync(path.join(folder, 'lib'), { recursive: true });
  // All headers: those of TensorFlow include others of the same wheel.
  symlinkSync(path.join(library, 'include'), path.join(folder, 'include'));
  for (const [link, file] of Object.entries(libraryLinks)) {
    symlinkSync(path.join(library, file), path.join(folder, 'lib', link));
  }
}

/** What node-gyp is told, to build the addon in `folder` where the package looks for it. */
export function compileParameters(
  folder: string,
  python: string,
  node = process.execPath,
  environment = process.env,
): string[] {
  const parameters = [
    'rebuild',
    `--python=${python}`,
    '--module_name=tfjs_binding',
    // A relative folder would be one below build.
    `--module_path=${path.dirname(path.join(folder, addonFile))}`,
    '--napi_build_version=8',
  ];
  // Without headers beside this Node, node-gyp downloads them.
  const beside = path.dirname(path.dirname(node));
  if (
    !environment.npm_config_nodedir &&
    existsSync(path.join(beside, 'include', 'node', 'node_api.h'))
  ) {
    parameters.push(`--nodedir=${beside}`);
  }
  return parameters;
}

/**
 * Compiles the addon. The compiler's output goes to a file, which stays when it fails.
 *
 * @throws Error naming that file
 */
export function compile(folder: string, nodeGyp: string, python: string, log: string): void {
  const output = openSync(log, 'w');
  try {
    runCommand(process.execPath, [nodeGyp, ...compileParameters(folder, python)], {
      cwd: folder,
      stdio: ['ignore', output, output],
    });
  } catch (error) {
    throw new Error(`the addon does not compile: ${log} says why`, { cause: error });
  } finally {
    closeSync(output);
  }
  rmSync(log);
  rmSync(path.join(folder, 'build'), { recursive: true });
}

/**
 * Loads a build in a process of its own and computes something with it.
 *
 * @returns what it runs on
 * @throws Error saying why it does not work
 */
export function tryBuild(folder: string, build: NativeBuild): string {
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(__dirname, 'check.js'), folder],
    { encoding: 'utf8', env: { ...process.env, ...nativeEnvironment(build) } },
  );
  if (status === 0) return stdout.trim();
  const said = stderr.trim().split('\n').at(-1);
  const reason = said !== '' ? said : (signal ?? `exit code ${status}`);
  throw new Error(`the build in ${folder} does not work (${reason})`);
}
