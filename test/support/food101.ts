/** The miniature of Food-101, made by test/fixtures/make_food101_fixture.py, and damaged copies of it. */
import { cpSync } from 'node:fs';
import path from 'node:path';
import { resolveRun, type RunConfig } from '../../src/experiments/config.js';
import { readOptions, withOption } from '../../src/experiments/configFile.js';
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

/** The configurations for the real data. */
export const configurations = path.join(projectRoot, 'data', 'food101');

/** Word pieces for which the miniature's ViLT has embeddings */
export const vocabulary = path.join(fixtures, 'wordpiece', 'vocab.txt');

/** Where a run on the miniature takes what it reads. */
export interface MiniaturePlaces {
  readonly folder: string;
  readonly layout: Food101Layout;
  readonly weights: string;
}

/** What of a configuration for the real data is changed, by its key, so that it runs on the miniature in a second. */
export function miniatureKeys(
  name: string,
  { folder, layout, weights }: MiniaturePlaces,
): [string, unknown][] {
  const { model, optimiser } = readRun(name);
  return [
    ...Object.entries({ folder, layout, vocabulary, textLength: 16, imageSize: 64 }).map(
      ([key, value]): [string, unknown] => [`data.${key}`, value],
    ),
    ...Object.entries({ width: 16, heads: 2, layers: 2, mlpRatio: 2 }).map(
      ([key, value]): [string, unknown] => [`model.${key}`, value],
    ),
    ...Object.entries({ steps: 4, batchSize: 4, checkpointEvery: 2, validateEvery: 3 }).map(
      ([key, value]): [string, unknown] => [`budget.${key}`, value],
    ),
    ...('weights' in model ? [['model.weights', weights] as [string, unknown]] : []),
    ...(optimiser.accumulation ? [['optimiser.accumulation.batches', 2] as [string, unknown]] : []),
  ];
}

/** A configuration for the real data, as it is. */
export const readRun = (name: string): RunConfig => {
  const file = path.join(configurations, `${name}.yaml`);
  return resolveRun(readOptions(file), file);
};

/** A configuration for the real data, changed for the miniature, and otherwise as asked. */
export function miniatureRun(
  name: string,
  places: MiniaturePlaces,
  others: Readonly<Record<string, unknown>> = {},
): RunConfig {
  const options = readOptions(path.join(configurations, `${name}.yaml`));
  const keys = [...miniatureKeys(name, places), ...Object.entries(others)];
  return resolveRun(
    keys.reduce((changed, [key, value]) => withOption(changed, key, value), options),
    name,
  );
}
