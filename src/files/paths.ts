/** Where things lie in the repository. Compiled files run from dist/src, two folders below its root. */
import { existsSync } from 'node:fs';
import path from 'node:path';

/** The folder with package.json. */
export const projectRoot = findRoot(__dirname);

/** A place that a configuration names, relative to the project or absolute. */
export const inProject = (place: string): string => path.resolve(projectRoot, place);

/** The folder of all runs, unless another is named. */
export const defaultRuns = path.join(projectRoot, 'data', 'runs');

function findRoot(folder: string): string {
  if (existsSync(path.join(folder, 'package.json'))) return folder;
  const parent = path.dirname(folder);
  if (parent === folder) throw new Error(`no package.json above ${__dirname}`);
  return findRoot(parent);
}
