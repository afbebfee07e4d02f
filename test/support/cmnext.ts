/** Tiny CMNeXts, and the golden folders of the public code, which lie outside the repository. */
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import type { CmnextConfig } from '../../src/models/cmnext/config.js';
import type { Inputs } from '../../src/models/base.js';
import { random } from './compare.js';

export const cmnextFolder = (name: 'cmnext2' | 'cmnext4') =>
  path.join(process.env.MMP_SHARED ?? path.join(projectRoot, '..', 'shared'), 'golden', name);

export const names = ['rgb', 'depth', 'event', 'lidar'] as const;

/** A network of so many modalities; two cells are left of the smallest image */
export const tinyCmnext = (modalities = 2, changes: Partial<CmnextConfig> = {}): CmnextConfig => ({
  modalities: names.slice(0, modalities),
  embedDims: [4, 4, 6, 8],
  depths: [1, 1, 1, 1],
  heads: [1, 2, 3, 4],
  srRatios: [4, 2, 2, 1],
  decoderDim: 6,
  classes: 3,
  image: { height: 32, width: 64 },
  ...changes,
});

/** Images of every modality [B, H, W, 3] */
export const cmnextInputs = (
  { modalities, image }: CmnextConfig,
  batch = 2,
  { height, width } = image,
): Inputs =>
  Object.fromEntries(
    modalities.map((name, index) => [name, random([batch, height, width, 3], index + 1)]),
  );
