/** What every data set offers: samples by index, named splits, batches of modalities with labels. */
import type { Stream } from '../tensor/random.js';
import type { tf } from '../tensor/tf.js';

export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];
export type Splits = Readonly<Record<SplitName, readonly number[]>>;

export interface Dataset {
  readonly name: string;
  readonly modalities: readonly string[];
  readonly classes: readonly string[];
  /** Which samples belong to which split; no sample is in two. */
  readonly splits: Splits;
  /** The class of each sample: an index into `classes`. */
  readonly labels: Int32Array;
  /** The samples' inputs by modality, made anew; the caller owns them. */
  inputs(samples: readonly number[]): Readonly<Record<string, tf.Tensor>>;
}

/**
 * Batches of samples without end: every epoch in a new order, an incomplete last batch left out.
 *
 * @throws Error when there are fewer samples than a batch takes
 */
export function* shuffledBatches(
  samples: readonly number[],
  batchSize: number,
  random: Stream,
): Generator<number[], never> {
  if (samples.length < batchSize) {
    throw new Error(
      `shuffledBatches: ${samples.length} samples do not fill a batch of ${batchSize}`,
    );
  }
  for (;;) {
    const order = random.shuffled(samples);
    for (let start = 0; start + batchSize <= order.length; start += batchSize) {
      yield order.slice(start, start + batchSize);
    }
  }
}
