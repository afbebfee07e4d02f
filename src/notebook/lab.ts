/** JupyterLab in the Python environment inside the project, with the kernel registered there. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { projectRoot } from '../files/paths.js';
import { writeJson } from '../files/write.js';
import { environment, environmentBin, preparePython } from '../python/environment.js';

/** The `plotly` package brings the JupyterLab extension that draws our figures. */
const packages = ['jupyterlab==4.6.4', 'plotly==7.1.0'];

/**
 * Makes the environment or completes it, and registers the tslab kernel of this project in it.
 *
 * @throws Error naming the step that failed
 */
export function prepareLab(): void {
  preparePython(packages, 'JupyterLab');
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
  const { status, error } = spawnSync(
    path.join(environmentBin, 'jupyter'),
    ['lab', `--notebook-dir=${notebooks}`, ...parameters],
    { stdio: 'inherit' },
  );
  if (error === undefined && status === 0) return;
  throw new Error(`jupyter lab failed: ${error?.message ?? `exit code ${status}`}`);
}
