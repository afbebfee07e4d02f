/** PyTorch for tests: never installed by them. */
import { spawnSync } from 'node:child_process';
import { projectPython } from '../../src/files/python.js';
import { skip } from './skip.js';

/** The Python that has PyTorch; without one the test is skipped. */
export function torchOrSkip(context: Mocha.Context): string {
  const python = process.env.MMP_PYTHON ?? projectPython;
  if (spawnSync(python, ['-c', 'import torch, numpy, safetensors']).status !== 0) {
    skip(context, `PyTorch is not in ${python}; "npm run bench" installs it into .venv`);
  }
  return python;
}
