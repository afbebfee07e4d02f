/** Figures of programs that run outside of a notebook: files below data/runs/figures, named by their titles. */
import path from 'node:path';
import { projectRoot } from '../files/paths.js';
import { writeWhole } from '../files/write.js';

const figuresFolder = path.join(projectRoot, 'data', 'runs', 'figures');
const longestName = 60;

/** How many figures of this process had a name already. */
const taken = new Map<string, number>();

/**
 * Writes a figure. One that an earlier program left under the name is replaced, one of this program is not:
 * the next has a number.
 *
 * @returns the file
 */
export function writeFigure(title: string, svg: string, folder = figuresFolder): string {
  const words = title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? ['figure'];
  const name = words.join('-').slice(0, longestName);
  const file = path.join(folder, name);
  const number = (taken.get(file) ?? 0) + 1;
  taken.set(file, number);
  const whole = `${file}${number === 1 ? '' : `-${number}`}.svg`;
  writeWhole(whole, svg);
  return whole;
}
