/**
 * NYUDv2 (Silberman et al. 2012): 1,449 rooms in colour and depth, every pixel with one of 40 classes; depth as HHA,
 * three channels of horizontal disparity, height and angle (Gupta et al. 2014). Layout as SA-Gate shares it, changes
 * as CMNeXt's code has them; data/nyudv2/README.md.
 */
import path from 'node:path';
import type { PictureSize } from '../images/picture.js';
import { byteChanges, byteModality } from '../segmentation/bytes.js';
import { checkSegmentation, type SegmentationReport } from '../segmentation/check.js';
import { ImageFilesDataset } from '../segmentation/dataset.js';
import {
  chosenModalities,
  type ModalityFiles,
  type SegmentationFiles,
} from '../segmentation/files.js';
import { readList, splitLists } from '../segmentation/lists.js';
import { expectSides, type SegmentationOptions } from '../segmentation/options.js';
import { bitPalette } from '../segmentation/palette.js';
import { readMeasured } from '../segmentation/read.js';
import { nyudv2Classes } from './classes.js';

/** In the order of the reference */
export const nyudv2Modalities = ['rgb', 'hha'] as const;

export interface Nyudv2Options extends SegmentationOptions {
  /** What training cuts out, and whose height is the shorter side in evaluation; default 640 × 480 pixels */
  readonly size?: PictureSize;
}

/** Depth in metres, as the sensor measured it; no reference gives it to a network. */
const depth = (folder: string): ModalityFiles => ({
  files: (name) => [path.join(folder, 'Depth', `${name}.npy`)],
  read: readMeasured,
  normalisation: { channels: [0, 0, 0], whole: 1, isColour: false },
});

function nyudv2Files(folder: string, options: Nyudv2Options): SegmentationFiles {
  const list = (name: string) => readList(path.join(folder, `${name}.txt`));
  const inFolder = (part: string, extension: string) => (name: string) =>
    path.join(folder, part, `${name}.${extension}`);
  const modalities: Record<(typeof nyudv2Modalities)[number], ModalityFiles> = {
    rgb: byteModality(inFolder('RGB', 'jpg'), 'colours'),
    hha: byteModality(inFolder('HHA', 'jpg'), 'measured'),
  };
  return {
    ...splitLists({ train: list('train'), test: list('test') }, options, folder),
    modalities: chosenModalities(modalities, options.modalities, 'loadNyudv2'),
    labelFile: inFolder('Label', 'png'),
    encoding: { classes: nyudv2Classes.length, first: 1 },
  };
}

/**
 * Loads NYUDv2 from its folder: `rgb` normalised as ImageNet's, `hha` from 0 to 1.
 *
 * The set has no validation: a tenth of training is taken for it, by `seed`; the reference takes the best epoch by
 * the test set, which `validation: 'test'` repeats.
 *
 * @throws Error naming the list that cannot be read, its line that is wrong, a sample in two splits, or the option
 */
export function loadNyudv2(folder: string, options: Nyudv2Options = {}): ImageFilesDataset {
  const { size = { width: 640, height: 480 } } = options;
  expectSides({ ...size }, 'loadNyudv2');
  return new ImageFilesDataset(
    {
      name: 'nyudv2',
      classes: nyudv2Classes,
      palette: bitPalette(nyudv2Classes.length),
      files: nyudv2Files(folder, options),
      ...byteChanges('rgb', size),
    },
    options,
  );
}

export interface Nyudv2CheckOptions extends Nyudv2Options {
  /** Whether the depth in metres is read as well; it is not needed for training */
  readonly depth?: boolean;
}

/**
 * Reads every file of NYUDv2 and counts.
 *
 * @throws Error of the lists, as `loadNyudv2`
 */
export function checkNyudv2(
  folder: string,
  options: Nyudv2CheckOptions = {},
): Promise<SegmentationReport> {
  const files = nyudv2Files(folder, options);
  const modalities = { ...files.modalities, ...(options.depth ? { depth: depth(folder) } : {}) };
  return checkSegmentation({ ...files, modalities }, nyudv2Classes);
}
