/** Runs by their names: their folders, as seen from the folder of all runs. */
import { readdirSync, type Dirent } from 'node:fs';
import path from 'node:path';

/** The names of all runs below a folder, at any depth; whatever else lies there is passed over. */
export function findRuns(folder: string): string[] {
  const visit = (name: string): string[] => {
    const entries = entriesOf(path.join(folder, name));
    if (name !== '' && entries.some((entry) => entry.name === 'config.json')) return [name];
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .flatMap((entry) => visit(path.posix.join(name, entry.name)));
  };
  return visit('').sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
}

/** What is in a folder; nothing where it cannot be read, or was removed meanwhile. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/**
 * The runs that are meant: each name is that of a run, or of a folder with runs in it.
 *
 * @throws Error saying which runs begin alike when there is none of a name
 */
export function chooseRuns(folder: string, names: readonly string[]): string[] {
  const all = expectRuns(folder);
  const chosen = names.flatMap((name) => {
    const wanted = path.relative(folder, path.resolve(folder, name)).replaceAll(path.sep, '/');
    const found = all.filter((one) => one === wanted || one.startsWith(`${wanted}/`));
    if (found.length > 0) return found;
    throw noRun(folder, wanted, all);
  });
  return [...new Set(chosen)];
}

/** The error that there is no run of a name, which says which runs begin alike. */
export const noRun = (folder: string, name: string, all = expectRuns(folder)): Error =>
  new Error(`there is no run ${name} in ${folder}; ${alike(name, all)}`);

/**
 * The names of all runs below a folder.
 *
 * @throws Error when there are none
 */
export function expectRuns(folder: string): string[] {
  const all = findRuns(folder);
  if (all.length > 0) return all;
  throw new Error(`there are no runs in ${folder}; "mmp train" makes some`);
}

const mostNamed = 5;

/** Which runs begin as a name does. */
function alike(name: string, all: readonly string[]): string {
  const lengths = all.map((one) => commonStart(one, name));
  const longest = Math.max(...lengths);
  const nearest = all.filter((_, index) => lengths[index] === longest);
  const named = nearest.slice(0, mostNamed).join(', ');
  const more = nearest.length > mostNamed ? ` and ${nearest.length - mostNamed} more` : '';
  return `${longest > 0 ? 'those that begin alike' : 'there'} are ${named}${more}`;
}

function commonStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}
