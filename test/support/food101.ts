/** The miniature of Food-101, made by test/fixtures/make_food101_fixture.py, and damaged copies of it. */
import { cpSync } from 'node:fs';
import path from 'node:path';
import type { Food101Layout } from '../../src/data/food101/samples.js';
import { projectRoot } from '../../src/files/paths.js';
import { fixtures } from './fixtures.js';
import { makeFolder, removeFolder } from './folders.js';

export const miniature: Readonly<Record<Food101Layout, string>> = {
  raw: path.join(fixtures, 'food101', 'raw'),
  arrow: path.join(fixtures, 'food101', 'arrow'),
};

/** The real tables of classes and splits, which do not travel with the repository. */
export const realFood101 = path.join(
  process.env.MMP_SHARED ?? path.join(projectRoot, '..', 'shared'),
  'data',
  'food101',
);

/** Does something with a copy of the miniature, which it may damage. */
export async function withCopy(
  layout: Food101Layout,
  use: (folder: string) => Promise<void> | void,
): Promise<void> {
  const folder = makeFolder();
  try {
    cpSync(miniature[layout], folder, { recursive: true });
    await use(folder);
  } finally {
    removeFolder(folder);
  }
}
