/**
 * The identity of a folder of runs. Workers find the queue by it, so that one that does not see the folder of
 * a sweep never gets a run of it.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { writeJson } from '../files/write.js';
import { sweepsFolder } from './sweepFile.js';

const fileOf = (runs: string) => path.resolve(runs, sweepsFolder, 'folder.json');
const schema = z.object({ id: z.uuid() });

/**
 * @throws Error naming host and path when no sweep over Redis was ever started with this folder, or it can
 *   no longer be seen
 */
export function readFolderId(runs: string): string {
  try {
    return schema.parse(JSON.parse(readFileSync(fileOf(runs), 'utf8'))).id;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      `${fileOf(runs)} on ${hostname()} ${code === 'ENOENT' ? 'is not there' : 'cannot be read'}: ` +
        'a worker needs the same --runs as a "mmp sweep --redis" that was started before, on a file system ' +
        'that both see',
      { cause: error },
    );
  }
}

/** The identity of the folder, which it gets when it has none. */
export function claimFolder(runs: string): string {
  const file = fileOf(runs);
  const mine = `${file}.${randomUUID()}`;
  writeJson(mine, { id: randomUUID() });
  try {
    // Of several that come at the same time one succeeds.
    linkSync(mine, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(mine);
  }
  return readFolderId(runs);
}
