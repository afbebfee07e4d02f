/** What every data set offers: samples by index, named splits, batches of modalities with labels. */
import type { Absence } from '../models/absence.js';
import type { Inputs } from '../models/base.js';
import type { Stream } from '../tensor/random.js';
import type { tf } from '../tensor/tf.js';

export const splitNames = ['train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];
export type Splits = Readonly<Record<SplitName, readonly number[]>>;

/** The same of every split. */
export function bySplit<T>(make: (split: SplitName) => T): Readonly<Record<SplitName, T>> {
  return { train: make('train'), validation: make('validation'), test: make('test') };
}

/** Samples numbered through: those of training, then of validation, then of testing. */
export function numbered(counts: Readonly<Record<SplitName, number>>): Splits {
  let next = 0;
  return bySplit((split) => Array.from({ length: counts[split] }, () => next++));
}

export const tasks = ['classification', 'regression', 'segmentation'] as const;
export type Task = (typeof tasks)[number];

/** The label of a pixel that has no class and no part in losses and metrics */
export const ignoredLabel = 255;

/** What `fetch` throws. When the data are readable again, everything goes on. */
export class NotFetched extends Error {}

interface DatasetParts {
  readonly name: string;
  readonly modalities: readonly string[];
  /** Names of the classes; a regression has none */
  readonly classes: readonly string[];
  /** Which samples belong to which split; no sample is in two. */
  readonly splits: Splits;
  /** What a network without MMP sees of a missing modality; zeroed inputs by default */
  readonly absence?: Absence;
  /** How many samples are measured at once; default 64 */
  readonly largestBatch?: number;
  /**
   * Reads and decodes what `inputs` needs of these samples, for data that are not in memory; what was fetched
   * is kept until `inputs` has been asked for it.
   *
   * @throws NotFetched naming what cannot be read
   */
  fetch?(samples: readonly number[]): Promise<void>;
  /** Drops what was fetched of these samples and is not asked for any more. */
  forget?(samples: readonly number[]): void;
  /** The samples' inputs by modality, made anew; the caller owns them. */
  inputs(samples: readonly number[]): Inputs;
}

/** Samples that have one label each. */
export interface SampleDataset extends DatasetParts {
  /** What is to be predicted; a class by default */
  readonly task?: 'classification' | 'regression';
  /** The class of each sample, an index into `classes`; of a regression its number */
  readonly labels: Int32Array | Float32Array;
}

/** Images of which every pixel has a label. */
export interface SegmentationDataset extends DatasetParts {
  readonly task: 'segmentation';
  /**
   * The samples' inputs, float32 [B, height, width, 3] each, with the class of every pixel; like `inputs` they are
   * made anew, and of what was fetched they can be asked for once.
   *
   * @param augmentation draws how images are changed in training; without it they are as in evaluation
   */
  labelled(samples: readonly number[], augmentation?: Stream): LabelledImages;
  /**
   * What the inputs would be of the scenes in a mirror, as in training, made anew; for data of which values change and
   * not only places: without it, left and right are exchanged.
   */
  mirrored?(inputs: Inputs): Inputs;
}

export interface LabelledImages {
  readonly inputs: Inputs;
  /** int32 [B, height, width], indices into the classes or `ignoredLabel` */
  readonly labels: tf.Tensor;
}

export type Dataset = SampleDataset | SegmentationDataset;

/** Where batches are: the draws that the epoch's order came from, and how many batches of it are used. */
export interface BatchesState {
  readonly epoch: readonly number[];
  readonly used: number;
}

/** Batches of samples without end: every epoch in a new order, an incomplete last batch left out. */
export class ShuffledBatches implements IterableIterator<number[], never> {
  private epoch: readonly number[];
  private order: number[];
  private used = 0;

  /** @throws Error when there are fewer samples than a batch takes */
  constructor(
    private readonly samples: readonly number[],
    private readonly batchSize: number,
    private readonly random: Stream,
  ) {
    if (samples.length < batchSize) {
      throw new Error(
        `ShuffledBatches: ${samples.length} samples do not fill a batch of ${batchSize}`,
      );
    }
    [this.epoch, this.order] = this.shuffle();
  }

  next(): IteratorYieldResult<number[]> {
    if ((this.used + 1) * this.batchSize > this.order.length) {
      [this.epoch, this.order] = this.shuffle();
      this.used = 0;
    }
    const start = this.used++ * this.batchSize;
    return { value: this.order.slice(start, start + this.batchSize), done: false };
  }

  [Symbol.iterator](): this {
    return this;
  }

  state(): BatchesState {
    return { epoch: this.epoch, used: this.used };
  }

  /** Goes on from where `state` was taken, over the same samples. */
  restore({ epoch, used }: BatchesState): void {
    this.random.restore(epoch);
    [this.epoch, this.order] = this.shuffle();
    this.used = used;
  }

  private shuffle(): [readonly number[], number[]] {
    return [this.random.state(), this.random.shuffled(this.samples)];
  }
}
