/** JupyterLab in a Python virtual environment inside the project, with the kernel registered there. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from '../files/paths.js';
import { writeJson } from '../files/write.js';

/** The `plotly` package brings the JupyterLab extension that draws our figures. */
const packages = ['jupyterlab==4.6.4', 'plotly==7.1.0'];

const environment = path.join(projectRoot, '.venv');
const bin = path.join(environment, process.platform === 'win32' ? 'Scripts' : 'bin');

/**
 * Makes the environment or completes it, and registers the tslab kernel of this project in it.
 *
 * @throws Error naming the step that failed
 */
export function prepareLab(): void {
  run(systemPython(), ['-m', 'venv', environment]);
  const python = path.join(bin, 'python');
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]);
  // The kernel runs on this very Node and tslab, wherever JupyterLab is started from.
  const tslab = createRequire(__filename).resolve('tslab/bin/tslab');
  writeJson(path.join(environment, 'share', 'jupyter', 'kernels', 'tslab', 'kernel.json'), {
    argv: [process.execPath, tslab, 'kernel', '--config-path', '{connection_file}'],
    display_name: 'TypeScript',
    language: 'typescript',
  });
}

/** Opens the notebooks in JupyterLab and stays until it ends. */
export function openLab(parameters: readonly string[]): void {
  const notebooks = path.join(projectRoot, 'notebooks');
  run(path.join(bin, 'jupyter'), ['lab', `--notebook-dir=${notebooks}`, ...parameters]);
}

function systemPython(): string {
  const newEnough = 'import sys; sys.exit(sys.version_info < (3, 10))';
  const found = ['python3', 'python'].find(
    (name) => spawnSync(name, ['-c', newEnough]).status === 0,
  );
  if (found !== undefined) return found;
  throw new Error('JupyterLab needs Python 3.10 or newer; install it and run "npm run lab" again');
}

function run(command: string, parameters: readonly string[]): void {
  const { status, error } = spawnSync(command, parameters, { stdio: 'inherit' });
  if (error === undefined && status === 0) return;
  const reason = error?.message ?? `exit code ${status}`;
  throw new Error(`${path.basename(command)} ${parameters.join(' ')} failed: ${reason}`);
}
