/** The miniatures of labelled images and what other libraries make of single steps: make_segmentation.py. */
import { cpSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import { readSafetensors } from '../../src/files/safetensors.js';
import type { LabelledRasters, Raster } from '../../src/data/segmentation/raster.js';
import { fixtures } from './fixtures.js';
import { makeFolder, removeFolder } from './folders.js';

export const segmentationFixtures = path.join(fixtures, 'segmentation');

/** By data set */
export const miniatureOf = (name: 'mcubes' | 'nyudv2' | 'fmb') =>
  path.join(segmentationFixtures, name);

/** Does something with a copy of a miniature, which it may damage. */
export async function withCopyOf(
  name: 'mcubes' | 'nyudv2' | 'fmb',
  use: (folder: string) => Promise<void> | void,
): Promise<void> {
  const folder = makeFolder();
  try {
    cpSync(miniatureOf(name), folder, { recursive: true });
    await use(folder);
  } finally {
    removeFolder(folder);
  }
}

/** The real frame of NYUDv2, which does not travel with the repository. */
export const realNyudv2 = path.join(
  process.env.MMP_SHARED ?? path.join(projectRoot, '..', 'shared'),
  'data',
  'nyudv2',
);

const steps = readSafetensors(path.join(segmentationFixtures, 'steps.safetensors')).tensors;

/** Names of results that begin so */
export const stepsNamed = (prefix: string) =>
  [...steps.keys()].filter((name) => name.startsWith(prefix));

/** What another library computed: numbers [height, width, …] */
export function stepOf(name: string) {
  const found = steps.get(name);
  if (!found) throw new Error(`the fixture has no "${name}"`);
  return found;
}

/** A stored array as an image; of [height, width] with one channel. */
export function rasterOf(name: string): Raster {
  const { shape, values } = stepOf(name);
  const [height, width, channels = 1] = shape;
  return { width: width!, height: height!, channels, values: values as Uint8Array | Float32Array };
}

/** How far two images are from each other: the largest difference, and the share of numbers that differ. */
export function difference(actual: ArrayLike<number>, expected: ArrayLike<number>) {
  let [largest, differing] = [0, 0];
  for (let index = 0; index < expected.length; index++) {
    const apart = Math.abs(actual[index]! - expected[index]!);
    // NaN is larger than everything.
    if (!(apart <= largest)) largest = apart;
    if (apart !== 0) differing++;
  }
  if (actual.length !== expected.length) largest = NaN;
  return { largest, share: differing / expected.length };
}

/**
 * A sample that says where its pixels come from: its images hold column and row, and its labels the column, too.
 *
 * @param bytes whether images are of bytes
 */
export function coordinates(
  names: readonly string[],
  width: number,
  height: number,
  bytes: boolean,
): LabelledRasters {
  const place = (pixel: number) => [pixel % width, Math.floor(pixel / width), 0];
  const values = Array.from({ length: width * height }, (_, pixel) => place(pixel)).flat();
  return {
    images: Object.fromEntries(
      names.map((name) => [
        name,
        {
          width,
          height,
          channels: 3,
          values: bytes ? Uint8Array.from(values) : Float32Array.from(values),
        },
      ]),
    ),
    labels: {
      width,
      height,
      channels: 1,
      values: Uint8Array.from({ length: width * height }, (_, pixel) => pixel % width),
    },
  };
}
