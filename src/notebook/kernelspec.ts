/** How Jupyter, VS Code and nbclient find our kernels: a kernel.json below one of Jupyter's data folders. */
import { homedir } from 'node:os';
import path from 'node:path';
import { writeJson } from '../files/write.js';
import { nativeEnvironment } from '../tensor/native.js';
import { kernelCommand, type KernelName } from './client.js';
import { ownKernel } from './format.js';

/** Names as front ends show them. */
const displayNames: Readonly<Record<KernelName, string>> = {
  mmp: ownKernel.display_name,
  tslab: 'TypeScript (tslab)',
};

/** A kernel's file below a data folder of Jupyter. */
export function kernelFile(dataFolder: string, name: KernelName): string {
  return path.join(dataFolder, 'kernels', name, 'kernel.json');
}

/**
 * Registers a kernel of this project, with the path of this very Node, so that it runs wherever the front
 * end is started from.
 *
 * @param dataFolder one of Jupyter's data folders
 * @returns the file that was written
 * @throws Error naming the file when it cannot be written
 */
export function installKernel(dataFolder: string, name: KernelName): string {
  const file = kernelFile(dataFolder, name);
  writeJson(file, {
    argv: kernelCommand(name, '{connection_file}'),
    display_name: displayNames[name],
    language: 'typescript',
    // Ours is interrupted by message, because a signal does not reach code that has awaited something.
    interrupt_mode: name === 'mmp' ? 'message' : 'signal',
    env: nativeEnvironment(),
  });
  return file;
}

/** Jupyter's data folder of an environment, such as a virtual environment. */
export function dataFolderOf(prefix: string): string {
  return path.join(path.resolve(prefix), 'share', 'jupyter');
}

/** The user to whom a data folder belongs, and where: this one unless told otherwise. */
export interface User {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly home: string;
}

/** Jupyter's data folder of a user, where Jupyter looks for it on that system. */
export function userDataFolder(
  { environment, platform, home }: User = {
    environment: process.env,
    platform: process.platform,
    home: homedir(),
  },
): string {
  const { JUPYTER_DATA_DIR: chosen, XDG_DATA_HOME: data, APPDATA: roaming } = environment;
  if (chosen) return chosen;
  if (platform === 'darwin') return path.join(home, 'Library', 'Jupyter');
  if (platform === 'win32') return path.join(roaming ?? home, 'jupyter');
  return path.join(data ?? path.join(home, '.local', 'share'), 'jupyter');
}
