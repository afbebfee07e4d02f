/** Places for what tests write. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Makes a new temporary folder. */
export const makeFolder = (): string => realpathSync(mkdtempSync(path.join(tmpdir(), 'mmp-test-')));

/** Removes a folder with all that is in it. */
export const removeFolder = (folder: string): void => {
  rmSync(folder, { recursive: true });
};
