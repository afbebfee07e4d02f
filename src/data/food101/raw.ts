/**
 * Food-101 as folders: `images/{train,test}/CLASS/CLASS_N.jpg`, where images of validation lie under train; the
 * titles in `text.json`, or otherwise in `texts/{train,test}_titles.csv`; `class_idx.json` and `split.json`.
 */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readJson } from '../../files/json.js';
import { bySplit, numbered } from '../dataset.js';

import { classOf, labelOf, readClasses } from './classes.js';
import type { Food101Samples } from './samples.js';
import { readSplits } from './splits.js';
import { readTitles, type Titles } from './titles.js';

/**
 * Reads the tables of a folder.
 *
 * @throws Error naming the file that is absent or not as it should be
 */
export function readRaw(folder: string): Food101Samples {
  const classes = readClasses(folder);
  const listed = readSplits(folder, classes);
  const titles = existingTitles(folder);
  const kept = bySplit((split) => listed[split].filter((image) => titles.has(image)));
  const images = Object.values(kept).flat();
  const firstTested = images.length - kept.test.length;
  const place = (sample: number) => {
    const image = images[sample]!;
    const part = sample < firstTested ? 'train' : 'test';
    return path.join(folder, 'images', part, classOf(image), image);
  };
  return {
    classes: [...classes.keys()],
    images,
    labels: Int32Array.from(images, (image) => labelOf(image, classes, folder)),
    texts: images.map((image) => titles.get(image)!),
    splits: numbered(bySplit((split) => kept[split].length)),
    withoutText: Object.values(listed)
      .flat()
      .filter((image) => !titles.has(image)),
    absentImages: () => absent(images.map((_, sample) => place(sample))),
    place,
    readImage: (sample) => readFile(place(sample)),
  };
}

/** `text.json` of the reference has one title an image; of several, the first counts. */
const textSchema = z.record(
  z.string(),
  z.union([z.string().transform((title) => [title]), z.array(z.string())]),
);

function existingTitles(folder: string): Titles {
  const file = path.join(folder, 'text.json');
  if (existsSync(file)) {
    const entries = Object.entries(readJson(file, textSchema));
    return new Map(
      entries.flatMap(([image, [title]]) => (title === undefined ? [] : [[image, title]])),
    );
  }
  const tables = ['train', 'test'].map((part) => path.join(folder, 'texts', `${part}_titles.csv`));
  const missing = tables.find((table) => !existsSync(table));
  if (missing !== undefined) {
    throw new Error(`expected the titles in ${file} or in ${missing}, and neither is there`);
  }
  return new Map(tables.flatMap((table) => [...readTitles(table)]));
}

/** Which of these files are not there; each folder is listed once. */
async function absent(files: readonly string[]): Promise<number[]> {
  const folders = [...new Set(files.map((file) => path.dirname(file)))];
  const listed = await Promise.all(folders.map(filesIn));
  const present = new Set(listed.flat());
  return [...files.keys()].filter((index) => !present.has(files[index]!));
}

async function filesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  return (await readdir(folder)).map((name) => path.join(folder, name));
}
