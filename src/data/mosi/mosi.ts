/**
 * CMU-MOSI (Zadeh et al. 2016): 2,199 clips of people who speak about films, with the sentiment that annotators heard
 * in each; as features that others extracted and share as pickles.
 */
import { SequenceDataset } from '../sentiment/sequences.js';
import type { MosiLayout } from './layouts.js';
import { readMosi } from './read.js';

/**
 * Loads a file of MMSA (`aligned_50.pkl`, `unaligned_50.pkl`) or of MulT (`mosi_data_noalign.pkl`). It is read by
 * `readPickle`, which runs nothing of it. Everything becomes float32, as in both.
 *
 * Where audio is −∞ it becomes 0, as in both. Neither looks for other values that are not
 * finite in what MulT gets: NaN and +∞ in audio, and any of the three in text and vision, would go on into the
 * network and make its loss NaN. Here they are refused with their place.
 *
 * @returns text, audio and vision, `lengths` where the file has them (of MMSA's text the words of BERT's mask), ids,
 *   and texts where the file has them; the samples of training first, then validation and test
 * @throws Error naming the file, the split and the key that is absent, of another shape, of another number of samples
 *   than the labels, not finite, or a label outside of −3 to 3
 */
export function loadMosi(file: string, layout: MosiLayout): SequenceDataset {
  return new SequenceDataset(readMosi(file, layout).data);
}
