/** The Python virtual environment inside the project, and what is installed into it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../files/paths.js';

export const environment = path.join(projectRoot, '.venv');
export const environmentBin = path.join(
  environment,
  process.platform === 'win32' ? 'Scripts' : 'bin',
);
const python = path.join(environmentBin, 'python');

/**
 * Makes the environment where it is not there, and installs what it lacks. With everything there it needs
 * no network.
 *
 * @param packages as pip takes them: `torch==2.13.0`, `numpy`
 * @param purpose what needs them, for the error
 * @returns the environment's Python
 * @throws Error naming the step that failed and what it said
 */
export function preparePython(packages: readonly string[], purpose: string): string {
  if (existsSync(python) && installed(packages)) return python;
  console.log(`installing ${packages.join(', ')} into ${path.basename(environment)} …`);
  run(systemPython(purpose), ['-m', 'venv', environment]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  return python;
}

/** Whether the environment has the packages, in the wanted versions where one is wanted. */
function installed(packages: readonly string[]): boolean {
  // What follows + in a version is the build, such as +cpu, which pip's == leaves open as well.
  const check = `import sys; from importlib.metadata import version
for name, _, wanted in (package.partition('==') for package in sys.argv[1:]):
    found = version(name)
    assert wanted in ('', found, found.split('+')[0])`;
  return spawnSync(python, ['-c', check, ...packages]).status === 0;
}

function systemPython(purpose: string): string {
  const newEnough = 'import sys; sys.exit(sys.version_info < (3, 10))';
  const found = ['python3', 'python'].find(
    (name) => spawnSync(name, ['-c', newEnough]).status === 0,
  );
  if (found !== undefined) return found;
  throw new Error(`${purpose} needs Python 3.10 or newer; install it and run the command again`);
}

function run(command: string, parameters: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, parameters, {
    stdio: ['ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
    // Without this each look-up of a package index that cannot be reached may hang.
    env: { ...process.env, PIP_RETRIES: '0' },
  });
  if (error === undefined && status === 0) return;
  const said = (stderr as string | null)?.trim().split('\n').at(-1);
  const reason = error?.message ?? `exit code ${status}${said ? `: ${said}` : ''}`;
  throw new Error(`${path.basename(command)} ${parameters.join(' ')} failed: ${reason}`);
}
