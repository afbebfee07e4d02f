/** A data set of labelled images that are read from files when they are needed. */
import type { Stream } from '../../tensor/random.js';
import { tf } from '../../tensor/tf.js';
import type { LabelledImages, SegmentationDataset, Splits } from '../dataset.js';
import { PictureStore } from '../images/store.js';
import { readSample, type SegmentationFiles } from './files.js';
import { writeNormalised } from './normalise.js';
import type { LabelledRasters } from './raster.js';

/** A colour to draw each class with: red, green and blue of 0 … 255 */
export type Palette = readonly (readonly [number, number, number])[];

/** What a data set of files is. */
export interface ImageFilesParts {
  readonly name: string;
  readonly classes: readonly string[];
  readonly palette: Palette;
  readonly files: SegmentationFiles;
  /** How a sample is changed for training, drawn anew each time, and for evaluation */
  readonly forTraining: (sample: LabelledRasters, random: Stream) => LabelledRasters;
  readonly forEvaluation: (sample: LabelledRasters) => LabelledRasters;
}

/** How a data set of files is used. */
export interface ImageFilesOptions {
  /** How many samples may be fetched and not yet used; default 64 */
  readonly samplesKept?: number;
  /** How many samples are measured at once */
  readonly largestBatch?: number;
}

export class ImageFilesDataset implements SegmentationDataset {
  readonly task = 'segmentation';
  readonly name: string;
  readonly modalities: readonly string[];
  readonly classes: readonly string[];
  readonly palette: Palette;
  readonly splits: Splits;
  readonly largestBatch: number;
  private readonly store: PictureStore<LabelledRasters>;

  constructor(
    private readonly parts: ImageFilesParts,
    { samplesKept = 64, largestBatch = 4 }: ImageFilesOptions,
  ) {
    const { files } = parts;
    this.name = parts.name;
    this.modalities = Object.keys(files.modalities);
    this.classes = parts.classes;
    this.palette = parts.palette;
    this.splits = files.splits;
    this.largestBatch = largestBatch;
    this.store = new PictureStore(
      (sample) => readSample(files, files.names[sample]!),
      (sample) => `sample ${sample}, ${files.names[sample]!},`,
      samplesKept,
    );
  }

  /** What a sample is called in its lists */
  nameOf(sample: number): string {
    this.expectSamples([sample]);
    return this.parts.files.names[sample]!;
  }

  /** @throws NotFetched naming the file that cannot be read, and what is wrong with it */
  async fetch(samples: readonly number[]): Promise<void> {
    this.expectSamples(samples);
    await this.store.fetch(samples);
  }

  forget(samples: readonly number[]): void {
    this.store.forget(samples);
  }

  /** How many samples are fetched, or being fetched, and not used yet */
  get samplesKept(): number {
    return this.store.size;
  }

  /**
   * @returns of each modality float32 [B, height, width, 3], as in evaluation
   * @throws Error as `labelled`
   */
  inputs(samples: readonly number[]): Record<string, tf.Tensor> {
    const { inputs, labels } = this.labelled(samples);
    labels.dispose();
    return inputs;
  }

  /** @throws Error naming the sample that was not fetched, or is of another size than the first */
  labelled(
    samples: readonly number[],
    augmentation?: Stream,
  ): LabelledImages & { readonly inputs: Record<string, tf.Tensor> } {
    this.expectSamples(samples);
    const { forTraining, forEvaluation, files } = this.parts;
    const changed = this.store
      .take(samples)
      .map((sample) => (augmentation ? forTraining(sample, augmentation) : forEvaluation(sample)));
    const { width, height } = this.commonSize(samples, changed);
    const inputs = Object.entries(files.modalities).map(([name, { normalisation }]) => {
      const values = new Float32Array(samples.length * height * width * 3);
      changed.forEach(({ images }, place) => {
        writeNormalised(images[name]!, normalisation, values, place * height * width * 3);
      });
      return [name, tf.tensor4d(values, [samples.length, height, width, 3])] as const;
    });
    const labels = new Int32Array(samples.length * height * width);
    changed.forEach((sample, place) => {
      labels.set(sample.labels.values, place * height * width);
    });
    return {
      inputs: Object.fromEntries(inputs),
      labels: tf.tensor3d(labels, [samples.length, height, width], 'int32'),
    };
  }

  private commonSize(samples: readonly number[], changed: readonly LabelledRasters[]) {
    const [first] = changed;
    if (!first) throw new Error(`${this.name}: expected some samples, got none`);
    const { width, height } = first.labels;
    changed.forEach(({ labels }, place) => {
      if (labels.width === width && labels.height === height) return;
      throw new Error(
        `${this.name}: sample ${samples[place]} is ${labels.width} × ${labels.height} pixels and sample ${samples[0]} ` +
          `${width} × ${height}; only images of one size make a batch`,
      );
    });
    return { width, height };
  }

  private expectSamples(samples: readonly number[]): void {
    const { length } = this.parts.files.names;
    const wrong = samples.find((sample) => !(sample in this.parts.files.names));
    if (wrong !== undefined) {
      throw new Error(`${this.name}: no sample ${wrong}; there are ${length}`);
    }
  }
}
