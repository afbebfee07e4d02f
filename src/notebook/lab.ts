/** JupyterLab in a Python virtual environment inside the project, with the kernel registered there. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { runCommand } from '../files/commands.js';
import { projectRoot } from '../files/paths.js';
import {
  installPackages,
  prepareEnvironment,
  programsOf,
  projectEnvironment as environment,
} from '../files/python.js';
import { writeJson } from '../files/write.js';
import { nativeEnvironment } from '../tensor/native.js';

/** The `plotly` package brings the JupyterLab extension that draws our figures. */
export const labPackages = ['jupyterlab==4.6.4', 'plotly==7.1.0'];

/** What tells Jupyter of the kernel, below one of its data folders. */
export const kernelPath = path.join('kernels', 'tslab', 'kernel.json');

/** Jupyter's data folder in the project's environment. */
export const labDataFolder = path.join(environment, 'share', 'jupyter');

/**
 * Makes the environment or completes it, and registers the tslab kernel of this project in it.
 *
 * @throws Error naming the step that failed
 */
export function prepareLab(): void {
  installPackages(prepareEnvironment(environment, 'JupyterLab'), labPackages);
  // The kernel runs on this very Node and tslab, wherever JupyterLab is started from.
  const tslab = createRequire(__filename).resolve('tslab/bin/tslab');
  writeJson(path.join(labDataFolder, kernelPath), {
    argv: [process.execPath, tslab, 'kernel', '--config-path', '{connection_file}'],
    display_name: 'TypeScript',
    language: 'typescript',
    env: nativeEnvironment(),
  });
}

/** Opens the notebooks in JupyterLab and stays until it ends. */
export function openLab(parameters: readonly string[]): void {
  const notebooks = path.join(projectRoot, 'notebooks');
  const jupyter = path.join(programsOf(environment), 'jupyter');
  runCommand(jupyter, ['lab', `--notebook-dir=${notebooks}`, ...parameters]);
}
