/** Files that are either whole or not there. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { sync as writeFileAtomic } from 'write-file-atomic';

/**
 * Writes a file by way of a temporary neighbour and a rename, making its folder first.
 *
 * @throws Error naming the file and the reason when its place cannot be written
 */
export function writeWhole(file: string, content: string | Buffer): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileAtomic(file, content);
  } catch (error) {
    throw new Error(`cannot write ${file}: ${(error as Error).message}`, { cause: error });
  }
}

/** Writes a value as readable JSON. */
export function writeJson(file: string, value: unknown): void {
  writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);
}
