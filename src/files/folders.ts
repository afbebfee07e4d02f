/** Folders that are either whole or not there. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

const unfinished = /^\.(.+)\.([0-9]+)\.partial$/;

/**
 * A folder under construction beside its final place. What an earlier, killed construction of the same
 * folder left behind is removed.
 *
 * @throws Error naming the folder and the reason when it cannot be made
 */
export function beginFolder(target: string): string {
  const parent = path.dirname(target);
  const partial = path.join(parent, `.${path.basename(target)}.${process.pid}.partial`);
  try {
    mkdirSync(parent, { recursive: true });
    for (const name of readdirSync(parent)) {
      const [, base, pid] = unfinished.exec(name) ?? [];
      const leftOver = base === path.basename(target) && !isRunning(Number(pid));
      if (leftOver) rmSync(path.join(parent, name), { recursive: true });
    }
    mkdirSync(partial);
  } catch (error) {
    throw new Error(`cannot write ${target}: ${(error as Error).message}`, { cause: error });
  }
  return partial;
}

function isRunning(pid: number): boolean {
  try {
    return pid !== process.pid && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Puts a finished folder in its place; what stood there before is replaced as a whole. */
export function finishFolder(partial: string, target: string): void {
  if (!existsSync(target)) {
    renameSync(partial, target);
    return;
  }
  // What stood there goes only when the new one stands, because deleting can fail half-way.
  const old = partial.replace(/partial$/, 'old');
  renameSync(target, old);
  renameSync(partial, target);
  rmSync(old, { recursive: true });
}

/**
 * Makes sure that folders can be made in `folder`, before hours of work whose result would have no place.
 *
 * @throws Error naming the folder and the reason
 */
export function checkWritable(folder: string): void {
  rmSync(beginFolder(path.join(folder, 'check')), { recursive: true });
}
