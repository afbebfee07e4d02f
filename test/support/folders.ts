/** Places for what tests write. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Makes a new temporary folder. */
export const makeFolder = (): string => realpathSync(mkdtempSync(path.join(tmpdir(), 'mmp-test-')));

/** Removes a folder with all that is in it, in a second at most if a process that ends still writes there. */
export const removeFolder = (folder: string): void => {
  rmSync(folder, { recursive: true, maxRetries: 4, retryDelay: 100 });
};
