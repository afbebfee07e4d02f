/** A look at Food-101 before a long training: what is there and what is not, without decoding images. */
import { absentOf, type Absent } from '../absent.js';
import { bySplit, type SplitName } from '../dataset.js';
import { readFood101 } from './food101.js';
import type { Food101Layout } from './samples.js';

export interface Food101Report {
  readonly classes: number;
  /** How many samples each split has */
  readonly samples: Readonly<Record<SplitName, number>>;
  readonly missingTexts: Absent;
  readonly missingImages: Absent;
}

/**
 * Reads the tables of a folder, and looks which images are there.
 *
 * @throws Error naming the table that is absent or not as it should be
 */
export async function checkFood101(folder: string, layout: Food101Layout): Promise<Food101Report> {
  const samples = readFood101(folder, layout);
  const images = await samples.absentImages();
  return {
    classes: samples.classes.length,
    samples: bySplit((split) => samples.splits[split].length),
    missingTexts: absentOf(samples.withoutText),
    missingImages: absentOf(images.map((sample) => samples.place(sample))),
  };
}
