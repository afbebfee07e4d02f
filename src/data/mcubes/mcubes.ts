/**
 * MCubeS (Liang et al. 2022): 500 street scenes in colour, polarisation and near infrared, every pixel with its
 * material. Layout, splits and changes as CMNeXt's code has them; data/mcubes/README.md.
 */
import path from 'node:path';
import { checkSegmentation, type SegmentationReport } from '../segmentation/check.js';
import { ImageFilesDataset } from '../segmentation/dataset.js';
import {
  chosenModalities,
  type ModalityFiles,
  type SegmentationFiles,
} from '../segmentation/files.js';
import { readList, splitLists } from '../segmentation/lists.js';
import { expectSides, type SegmentationOptions } from '../segmentation/options.js';
import { readMeasured, readShares } from '../segmentation/read.js';
import { mcubesClasses, mcubesPalette } from './classes.js';
import { forEvaluation, forTraining } from './transform.js';

/** In the order of the reference */
export const mcubesModalities = ['image', 'aolp', 'dolp', 'nir'] as const;

export interface McubesOptions extends SegmentationOptions {
  /** Side of the squares that training cuts out; default 512 */
  readonly size?: number;
  /** Side of the squares of evaluation; default 1024 */
  readonly evaluationSize?: number;
  /** How many columns are cut off on the left; default 192, as the reference does it */
  readonly cutColumns?: number;
}

/** Numbers as they are measured, in the channels that the reference gives them */
const measured = (channels: readonly [number, number, number]) => ({
  channels,
  whole: 1,
  isColour: false,
});

/**
 * Reads the lists of a folder, `list_folder/{train,val,test}.txt`. By default validation is `val.txt`, which the
 * reference leaves unused: it takes the best epoch by the test set, which `validation: 'test'` repeats.
 */
function mcubesFiles(folder: string, options: McubesOptions): SegmentationFiles {
  const list = (name: string) => readList(path.join(folder, 'list_folder', `${name}.txt`));
  const { validation = 'list', cutColumns = 192 } = options;
  const inFolder = (part: string, extension: string) => (name: string) =>
    path.join(folder, part, `${name}.${extension}`);
  const single = (part: string): ModalityFiles => ({
    files: (name) => [inFolder(part, 'npy')(name)],
    read: readMeasured,
    normalisation: measured([0, 0, 0]),
  });
  const modalities: Record<(typeof mcubesModalities)[number], ModalityFiles> = {
    image: {
      files: (name) => [inFolder('polL_color', 'png')(name)],
      read: (file) => readShares(file, 3),
      normalisation: { channels: [0, 1, 2], whole: 1, isColour: true },
    },
    aolp: {
      files: (name) =>
        ['polL_aolp_sin', 'polL_aolp_cos'].map((part) => inFolder(part, 'npy')(name)),
      read: readMeasured,
      normalisation: measured([0, 1, 0]),
    },
    dolp: single('polL_dolp'),
    nir: {
      files: (name) => [inFolder('NIR_warped', 'png')(name)],
      read: (file) => readShares(file, 1),
      normalisation: measured([0, 0, 0]),
    },
  };
  const lists = {
    train: list('train'),
    test: list('test'),
    ...(validation === 'list' ? { list: list('val') } : {}),
  };
  return {
    ...splitLists(lists, { ...options, validation }, folder),
    modalities: chosenModalities(modalities, options.modalities, 'loadMcubes'),
    labelFile: inFolder('GT', 'png'),
    encoding: { classes: mcubesClasses.length, first: 0 },
    cutColumns,
  };
}

/**
 * Loads MCubeS from its folder, `multimodal_dataset`: `image` red, green, blue normalised as ImageNet's; `aolp` the
 * sine, cosine and again sine of the polarisation's angle; `dolp` its degree; `nir` near infrared from 0 to 1.
 *
 * Validation is `list_folder/val.txt`; `validation` takes it from training or, as the reference, from the test set.
 *
 * @throws Error naming the list that cannot be read, its line that is wrong, a sample in two splits, or the option
 */
export function loadMcubes(folder: string, options: McubesOptions = {}): ImageFilesDataset {
  const { size = 512, evaluationSize = 1024 } = options;
  expectSides({ size, evaluationSize }, 'loadMcubes');
  return new ImageFilesDataset(
    {
      name: 'mcubes',
      classes: mcubesClasses,
      palette: mcubesPalette,
      files: mcubesFiles(folder, options),
      forTraining: (sample, random) => forTraining(sample, size, random),
      forEvaluation: (sample) => forEvaluation(sample, evaluationSize),
    },
    // A sample of 1024 × 1032 pixels takes 30 MB.
    { largestBatch: 1, ...options },
  );
}

/**
 * Reads every file of MCubeS and counts.
 *
 * @throws Error of the lists, as `loadMcubes`
 */
export function checkMcubes(
  folder: string,
  options: McubesOptions = {},
): Promise<SegmentationReport> {
  return checkSegmentation(mcubesFiles(folder, options), mcubesClasses);
}
