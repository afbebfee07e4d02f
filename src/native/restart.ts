/**
 * The dynamic linker reads LD_LIBRARY_PATH only when a process starts. A command that may run TensorFlow on a
 * GPU therefore starts over where the folders of the CUDA libraries are not in it.
 */
import { spawnSync } from 'node:child_process';
import { nativeEnvironment } from '../tensor/native.js';

/**
 * Runs this very program again with what is lacking in its environment.
 *
 * @returns its exit code; undefined where nothing is lacking
 */
export function restartWith(
  needed: Readonly<Record<string, string>> = nativeEnvironment(),
): number | undefined {
  const lacking = Object.entries(needed).some(([name, value]) => process.env[name] !== value);
  if (!lacking) return undefined;
  const { status } = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, ...needed },
  });
  return status ?? 1;
}
