/**
 * UPMC Food-101 (Wang et al. 2015): 90,704 recipes of 101 dishes, an image and a title each, split as in Lee et
 * al. (2023). Images are read and decoded when they are needed, and prepared as ViLT's.
 */
import type { Absence } from '../../models/absence.js';
import type { tf } from '../../tensor/tf.js';
import type { SampleDataset, Splits } from '../dataset.js';
import { pictureBatch } from '../images/batch.js';
import type { PictureShape } from '../images/size.js';
import { PictureStore } from '../images/store.js';
import { PreparationThreads } from '../images/threads.js';
import { pictureAndTextAbsence, type MissingImage, type ViltSizes } from '../pictureAndText.js';
import { textBatch } from '../text/batch.js';
import type { TextEncoder } from '../text/encoder.js';
import { readArrow } from './arrow.js';
import { readRaw } from './raw.js';
import type { Food101Layout, Food101Samples } from './samples.js';

/** Of all data sets of a process */
const threads = new PreparationThreads();

export interface Food101Options {
  readonly encoder: TextEncoder;
  /** `aspect` by default, as in the reference; MMP needs `square` */
  readonly shape?: PictureShape;
  /** Of the shorter side of an image, or of both; default 384 */
  readonly size?: number;
  /** What stands for a missing image; default `ones` */
  readonly missingImage?: MissingImage;
  /** How many images may be fetched and not yet used; default 1024, at 384 about 600 MB */
  readonly imagesKept?: number;
}

export class Food101Dataset implements SampleDataset {
  readonly name = 'food101';
  readonly modalities = ['text', 'image'];
  readonly kinds = { image: ['image'], text: ['text'] };
  /** The attention weights of 64 sequences in ViLT-B/32 would be 16 GB. */
  readonly largestBatch = 16;
  readonly classes: readonly string[];
  readonly labels: Int32Array;
  readonly splits: Splits;
  readonly absence: Absence;
  readonly sizes: ViltSizes;
  private readonly encoder: TextEncoder;
  private readonly shape: PictureShape;
  private readonly pictures: PictureStore;

  constructor(
    readonly samples: Food101Samples,
    options: Food101Options,
  ) {
    const { encoder, shape = 'aspect', size = 384 } = options;
    const { missingImage = 'ones', imagesKept = 1024 } = options;
    if (!Number.isInteger(size) || size < 32) {
      throw new Error(`Food101Dataset: size must be a whole number of at least 32, got ${size}`);
    }
    this.classes = samples.classes;
    this.labels = samples.labels;
    this.splits = samples.splits;
    this.absence = pictureAndTextAbsence(encoder, missingImage);
    this.encoder = encoder;
    const { vocabularySize: vocabulary, length: textLength } = encoder;
    this.sizes = { vocabulary, textLength, imageSize: size };
    this.shape = shape;
    const prepare = (sample: number) =>
      threads.prepare(() => samples.readImage(sample), {
        name: samples.place(sample),
        shape,
        size,
      });
    const name = (sample: number) => `the image of sample ${sample}, ${samples.place(sample)},`;
    this.pictures = new PictureStore(prepare, name, imagesKept);
  }

  /** @throws NotFetched naming the image that cannot be read or decoded */
  async fetch(samples: readonly number[]): Promise<void> {
    this.expectSamples(samples);
    await this.pictures.fetch(samples);
  }

  /** How many images are fetched, or being fetched, and not used yet */
  get imagesKept(): number {
    return this.pictures.size;
  }

  /** Drops samples that were fetched and are not needed. */
  forget(samples: readonly number[]): void {
    this.pictures.forget(samples);
  }

  /**
   * @returns text, textMask: int32 [B, L]; image: float32 [B, H, W, 3]; imageMask: int32 [B, H, W], not where
   *   all images have the same size
   * @throws Error naming the sample that was not fetched
   */
  inputs(samples: readonly number[]): Record<string, tf.Tensor> {
    this.expectSamples(samples);
    const pictures = this.pictures.take(samples);
    const texts = samples.map((sample) => this.samples.texts[sample]!);
    const { image, imageMask } = pictureBatch(pictures);
    const inputs = { ...textBatch(texts, this.encoder), image };
    if (this.shape === 'aspect') return { ...inputs, imageMask };
    imageMask.dispose();
    return inputs;
  }

  private expectSamples(samples: readonly number[]): void {
    const { length } = this.labels;
    const wrong = samples.find((sample) => !(sample in this.labels));
    if (wrong !== undefined) {
      throw new Error(`Food101Dataset: no sample ${wrong}; there are ${length}`);
    }
  }
}

/** Reads the tables of a folder, but no images. */
export function readFood101(folder: string, layout: Food101Layout): Food101Samples {
  return layout === 'raw' ? readRaw(folder) : readArrow(folder);
}

/**
 * Loads Food-101 from a folder.
 *
 * @throws Error naming the file that is absent or not as it should be
 */
export function loadFood101(
  folder: string,
  layout: Food101Layout,
  options: Food101Options,
): Food101Dataset {
  return new Food101Dataset(readFood101(folder, layout), options);
}
