/** Jupyter as it is on nobody's machine: with our kernel and tslab's own, and without anybody's settings. */
import { spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import { dataFolderOf, installKernel } from '../../src/notebook/kernelspec.js';

/**
 * Registers the kernels in a folder.
 *
 * @returns the environment in which Jupyter finds them, and only there
 */
export function jupyterIn(folder: string): NodeJS.ProcessEnv {
  // Ours in the way that everybody registers it.
  const cli = path.join(projectRoot, 'dist', 'src', 'cli.js');
  const { status, stderr } = spawnSync(
    process.execPath,
    [cli, 'kernel', 'install', '--prefix', folder],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  installKernel(dataFolderOf(folder), 'tslab');
  return {
    ...process.env,
    JUPYTER_PATH: dataFolderOf(folder),
    JUPYTER_CONFIG_DIR: path.join(folder, 'config'),
    JUPYTER_RUNTIME_DIR: path.join(folder, 'runtime'),
  };
}
