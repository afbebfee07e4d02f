/**
 * The dynamic linker reads LD_LIBRARY_PATH only when a process starts. A command that may run TensorFlow on a
 * GPU therefore starts over where the folders of the CUDA libraries are not in it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { nativeEnvironment } from '../tensor/native.js';

/**
 * Runs this very program again with what is lacking in its environment. Signals are for the one that works.
 *
 * @returns its exit code; undefined where nothing is lacking
 */
export async function restartWith(
  needed: Readonly<Record<string, string>> = nativeEnvironment(),
): Promise<number | undefined> {
  const lacking = Object.entries(needed).some(([name, value]) => process.env[name] !== value);
  if (!lacking) return undefined;
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, ...needed },
  });
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => child.kill(name));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal ? 128 + constants.signals[signal] : code!;
}
