/** Python virtual environments inside the project. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { runCommand } from './commands.js';
import { projectRoot } from './paths.js';

/** The environment of everything but CUDA. */
export const projectEnvironment = path.join(projectRoot, '.venv');

/** Where a virtual environment keeps its programs. */
export function programsOf(environment: string): string {
  return path.join(environment, process.platform === 'win32' ? 'Scripts' : 'bin');
}

/** The Python of that environment, where it has been made. */
export const projectPython = path.join(programsOf(projectEnvironment), 'python');

/**
 * Makes a virtual environment, unless one that works is there.
 *
 * @param purpose what needs Python, for the error
 * @returns its Python
 * @throws Error when there is no Python, or naming the step that failed
 */
export function prepareEnvironment(environment: string, purpose: string): string {
  const python = path.join(programsOf(environment), 'python');
  const works = spawnSync(python, ['-m', 'pip', '--version']).status === 0;
  if (!works) runCommand(systemPython(purpose), ['-m', 'venv', environment]);
  return python;
}

/**
 * Installs what an environment lacks; with everything there it needs no network. An index that cannot be
 * reached is asked once.
 *
 * @param requirements as pip takes them: `torch==2.13.0`, `numpy`
 * @throws Error with pip's last words
 */
export function installPackages(python: string, requirements: readonly string[]): void {
  if (installed(python, requirements)) return;
  console.log(`installing ${requirements.join(', ')} …`);
  const options = ['--quiet', '--disable-pip-version-check'];
  runCommand(python, ['-m', 'pip', 'install', ...options, ...requirements], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, PIP_RETRIES: process.env.PIP_RETRIES ?? '0' },
  });
}

/** Whether the environment has the packages, in the wanted versions where one is wanted. */
function installed(python: string, requirements: readonly string[]): boolean {
  // What follows + in a version is the build, such as +cpu, which pip's == leaves open as well; what
  // stands in brackets are extras, which only pip can check.
  const check = `import sys; from importlib.metadata import version
for name, _, wanted in (package.partition('==') for package in sys.argv[1:]):
    assert '[' not in name
    found = version(name)
    assert wanted in ('', found, found.split('+')[0])`;
  return spawnSync(python, ['-c', check, ...requirements]).status === 0;
}

function systemPython(purpose: string): string {
  const newEnough = 'import sys; sys.exit(sys.version_info < (3, 10))';
  const found = ['python3', 'python'].find(
    (name) => spawnSync(name, ['-c', newEnough]).status === 0,
  );
  if (found !== undefined) return found;
  throw new Error(`${purpose} needs Python 3.10 or newer; install it and run the same again`);
}
