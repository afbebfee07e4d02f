/**
 * The emoji's pictures: SVG files rasterised once to 32×32 RGB on white and kept in a cache file, which
 * is either whole and of these very packages, or not used.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import { projectRoot } from '../../files/paths.js';
import { readSafetensors, writeSafetensors } from '../../files/safetensors.js';
import { emojiCatalogue, packageFolder } from './catalogue.js';

export const pictureSize = 32;
export const pictureModalities = ['openmoji', 'twemoji'] as const;
export type PictureModality = (typeof pictureModalities)[number];

/** Pictures of all emoji in catalogue order, by modality: bytes [emoji, 32, 32, 3]. */
export type Pictures = Readonly<Record<PictureModality, Uint8Array>>;

export const defaultCache = path.join(projectRoot, 'data', 'cache', 'emoji.safetensors');

const bytesPerPicture = pictureSize * pictureSize * 3;

/** What the cache was made from; a cache of anything else is out of date. */
function recipe(): string {
  const versions = ['openmoji', '@twemoji/svg', '@resvg/resvg-js'].map((name) => {
    const file = path.join(packageFolder(name), 'package.json');
    return `${name}@${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`;
  });
  return [...versions, `${pictureSize}x${pictureSize} RGB on white`].join(', ');
}

const checksum = (pictures: Pictures) =>
  pictureModalities
    .reduce((hash, modality) => hash.update(pictures[modality]), createHash('sha256'))
    .digest('hex');

/** One SVG as RGB bytes [32, 32, 3] on white. */
export function rasterise(svg: Buffer): Uint8Array {
  const rendered = new Resvg(svg, {
    fitTo: { mode: 'width', value: pictureSize },
    background: 'white',
    font: { loadSystemFonts: false },
  }).render();
  if (rendered.width !== pictureSize || rendered.height !== pictureSize) {
    throw new Error(
      `rasterise: expected a square picture, got ${rendered.width}×${rendered.height}`,
    );
  }
  return rendered.pixels.filter((_, index) => index % 4 !== 3);
}

/**
 * Rasterises every emoji and writes the cache, whole or not at all.
 *
 * @param onProgress told after every emoji how many of how many are done
 */
export function makePictures(
  onProgress: (done: number, total: number) => void = () => undefined,
  cache = defaultCache,
): void {
  const catalogue = emojiCatalogue();
  const empty = () => new Uint8Array(catalogue.length * bytesPerPicture);
  const pictures: Pictures = { openmoji: empty(), twemoji: empty() };
  catalogue.forEach((emoji, index) => {
    for (const modality of pictureModalities) {
      const file = emoji.files[modality];
      try {
        pictures[modality].set(rasterise(readFileSync(file)), index * bytesPerPicture);
      } catch (error) {
        throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
      }
    }
    onProgress(index + 1, catalogue.length);
  });
  const shape = [catalogue.length, pictureSize, pictureSize, 3];
  const tensors = pictureModalities.map(
    (modality) => [modality, { shape, values: pictures[modality] }] as const,
  );
  writeSafetensors(cache, new Map(tensors), { recipe: recipe(), sha256: checksum(pictures) });
}

/**
 * Reads the cache.
 *
 * @throws Error naming the file, what is wrong with it (absent, damaged, out of date) and what to do
 */
export function readPictures(cache = defaultCache): Pictures {
  const remedy = 'run "npm run setup" to make it';
  if (!existsSync(cache)) throw new Error(`the emoji pictures ${cache} are not there; ${remedy}`);
  const { tensors, metadata } = readDamageAware(cache, remedy);
  if (metadata.recipe !== recipe()) {
    throw new Error(
      `${cache} is out of date: made from ${metadata.recipe}, needed ${recipe()}; ${remedy} anew`,
    );
  }
  const pictures = Object.fromEntries(
    pictureModalities.map((modality) => [
      modality,
      tensors.get(modality)?.values ?? new Uint8Array(),
    ]),
  ) as Pictures;
  if (checksum(pictures) !== metadata.sha256) {
    throw new Error(`${cache} is damaged: its checksum does not fit; ${remedy} anew`);
  }
  return pictures;
}

function readDamageAware(cache: string, remedy: string) {
  try {
    return readSafetensors(cache);
  } catch (error) {
    throw new Error(`${(error as Error).message}; ${remedy} anew`, { cause: error });
  }
}
