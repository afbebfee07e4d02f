/** PyTorch, and what is read with it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './paths.js';
import { installPackages, prepareEnvironment, projectEnvironment } from './python.js';

const torchPackages = ['torch==2.13.0', 'numpy', 'safetensors'];

/**
 * The Python that has PyTorch: the one that is named, as it is, or that of `.venv`, into which PyTorch is
 * installed where it is missing.
 *
 * @throws Error saying why it cannot be installed
 */
export function torchPython(named: string | undefined = process.env.MMP_PYTHON): string {
  if (named) return named;
  const python = prepareEnvironment(projectEnvironment, 'PyTorch');
  installPackages(python, torchPackages);
  return python;
}

const script = path.join(projectRoot, 'src', 'files', 'torch_to_safetensors.py');

/**
 * Converts what `torch.save` wrote, so that `readSafetensors` reads it; see torch_to_safetensors.py. PyTorch
 * reads it, and as weights alone: a file that would run code is refused.
 *
 * @param output written whole or not at all
 * @param named the Python that has PyTorch; as `torchPython` finds it, when it is not said
 * @returns the number of tensors
 * @throws Error naming the file and what is wrong with it
 */
export function convertTorchFile(file: string, output: string, named?: string): number {
  // Before PyTorch is installed for it.
  if (!existsSync(file)) throw new Error(`${file} is not there`);
  const python = torchPython(named);
  const { status, signal, error, stdout, stderr } = spawnSync(
    python,
    ['-B', script, file, output],
    { encoding: 'utf8' },
  );
  if (error) throw error;
  if (status === 0) return Number(stdout);
  const said = stderr.trim().split('\n').at(-1);
  throw new Error(signal ? `${python} was ended by ${signal}` : said);
}
