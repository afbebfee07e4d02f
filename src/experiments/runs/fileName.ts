/** Names of files and folders about several runs. */
import { createHash } from 'node:crypto';

const longest = 100;

/** A name that says which runs are meant; of many runs, the first of them and a mark that no others have. */
export function fileNameOf(runs: readonly string[]): string {
  const title = runs.join(', ');
  const name = title.replaceAll(/[^\p{L}\p{N}]+/gu, '-');
  if (name.length <= longest) return name;
  const mark = createHash('sha256').update(title).digest('hex').slice(0, 8);
  return `${name.slice(0, longest)}-${mark}`;
}
