/** Which images belong to which split: `split.json`, as Missing-Aware Prompts has it. */
import path from 'node:path';
import { z } from 'zod';
import { readJson } from '../../files/json.js';
import { bySplit, type SplitName } from '../dataset.js';
import { expectOnce } from '../split.js';
import { labelOf, type Classes } from './classes.js';

/** What the reference calls the splits, in files and their names */
export const referenceSplits = { train: 'train', validation: 'val', test: 'test' } as const;

/** Image files by split */
export type ImagesBySplit = Readonly<Record<SplitName, readonly string[]>>;

const images = z.array(z.string()).readonly();
const schema = z.strictObject({ train: images, val: images, test: images });

/**
 * Reads `split.json`: `{"train": ["tacos_1.jpg", …], "val": […], "test": […]}`.
 *
 * @throws Error naming the file, and the image that is named twice or of no known class
 */
export function readSplits(folder: string, classes: Classes): ImagesBySplit {
  const file = path.join(folder, 'split.json');
  const listed = readJson(file, schema);
  const splits = bySplit((split) => listed[referenceSplits[split]]);
  expectOnce(splits, file);
  for (const image of Object.values(splits).flat()) labelOf(image, classes, file);
  return splits;
}
