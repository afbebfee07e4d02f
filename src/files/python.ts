/** Python virtual environments inside the project. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { runCommand } from './commands.js';

/** Where a virtual environment keeps its programs. */
export function programsOf(environment: string): string {
  return path.join(environment, process.platform === 'win32' ? 'Scripts' : 'bin');
}

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

/** Installs packages of given versions with pip. An index that cannot be reached is asked once. */
export function installPackages(python: string, requirements: readonly string[]): void {
  const options = ['--quiet', '--disable-pip-version-check'];
  runCommand(python, ['-m', 'pip', 'install', ...options, ...requirements], {
    env: { ...process.env, PIP_RETRIES: process.env.PIP_RETRIES ?? '0' },
  });
}

function systemPython(purpose: string): string {
  const newEnough = 'import sys; sys.exit(sys.version_info < (3, 10))';
  const found = ['python3', 'python'].find(
    (name) => spawnSync(name, ['-c', newEnough]).status === 0,
  );
  if (found !== undefined) return found;
  throw new Error(`${purpose} needs Python 3.10 or newer; install it and run the same again`);
}
