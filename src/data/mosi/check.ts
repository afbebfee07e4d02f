/** A look at a file of CMU-MOSI before a long training. */
import { bySplit, type SplitName } from '../dataset.js';
import { SequenceDataset } from '../sentiment/sequences.js';
import type { MosiLayout } from './layouts.js';
import { readMosi } from './read.js';
import type { SentimentModality } from '../../models/sentimentModalities.js';

export interface MosiReport {
  /** How many samples each split has; in what MMSA and MulT share 1,284, 229 and 686 */
  readonly samples: Readonly<Record<SplitName, number>>;
  /** How many of them have the label 0, which Non0 leaves out */
  readonly zeroLabels: Readonly<Record<SplitName, number>>;
  /** Time steps T and features F of each modality, and whether the file says how many steps are real */
  readonly sequences: Readonly<
    Record<SentimentModality, { length: number; features: number; lengths: boolean }>
  >;
  /** How many values of audio are −∞ in the file and 0 in the data set */
  readonly negativeInfinities: number;
}

/**
 * Reads a whole file and says what is in it.
 *
 * @throws Error as `loadMosi`
 */
export function checkMosi(file: string, layout: MosiLayout): MosiReport {
  const { data, negativeInfinities } = readMosi(file, layout);
  const { labels, splits, sequences } = new SequenceDataset(data);
  const sequence = (modality: SentimentModality) => {
    const { length, features, lengths } = sequences[modality];
    return { length, features, lengths: lengths !== undefined };
  };
  return {
    samples: bySplit((split) => splits[split].length),
    zeroLabels: bySplit((split) => splits[split].filter((sample) => labels[sample] === 0).length),
    sequences: { text: sequence('text'), audio: sequence('audio'), vision: sequence('vision') },
    negativeInfinities,
  };
}
