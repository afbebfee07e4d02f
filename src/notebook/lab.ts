/** JupyterLab in a Python virtual environment inside the project, with the kernels registered there. */
import path from 'node:path';
import { runCommand } from '../files/commands.js';
import { projectRoot } from '../files/paths.js';
import {
  installPackages,
  prepareEnvironment,
  projectEnvironment as environment,
  projectPython,
} from '../files/python.js';
import { kernelNames } from './client.js';
import { dataFolderOf, installKernel } from './kernelspec.js';

/** The `plotly` package brings the JupyterLab extension that draws our figures. */
export const labPackages = ['jupyterlab==4.6.4', 'plotly==7.1.0'];

/** Jupyter's data folder in the project's environment. */
export const labDataFolder = dataFolderOf(environment);

/**
 * Makes the environment or completes it, and registers our kernel there, and stock tslab beside it.
 *
 * @throws Error naming the step that failed
 */
export function prepareLab(): void {
  installPackages(prepareEnvironment(environment, 'JupyterLab'), labPackages);
  for (const name of kernelNames) installKernel(labDataFolder, name);
}

/** Opens the notebooks in JupyterLab and stays until it ends. */
export function openLab(parameters: readonly string[]): void {
  const notebooks = path.join(projectRoot, 'notebooks');
  // Not the program "jupyter", which names a Python by its path and does not survive a move of the project.
  runCommand(projectPython, ['-m', 'jupyterlab', `--notebook-dir=${notebooks}`, ...parameters]);
}
