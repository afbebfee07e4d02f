/** Synthetic scenes as a data set for segmentation, rendered from a seed when they are asked for. */
import type { Inputs } from '../../models/base.js';
import { stream, type Stream } from '../../tensor/random.js';
import { tf } from '../../tensor/tf.js';
import {
  numbered,
  splitNames,
  type LabelledImages,
  type SegmentationDataset,
  type SplitName,
  type Splits,
} from '../dataset.js';
import { sceneClasses } from './classes.js';
import { drawScene, type PictureShape } from './layout.js';
import {
  channelsOf,
  render,
  sceneModalities,
  type RenderedScene,
  type SceneModality,
} from './render.js';
import type { Scene } from './scene.js';

/** How many scenes each split has */
export type SceneCounts = Readonly<Record<SplitName, number>>;

/** As many as there are when it is not said */
export const sceneCounts: SceneCounts = { train: 600, validation: 100, test: 200 };

export interface SceneOptions {
  /** Of a picture, in pixels: multiples of 32; 64 by default */
  readonly height?: number;
  readonly width?: number;
  /** Decides all scenes; 1 by default */
  readonly seed?: number;
  /** Of each split; 600, 100 and 200 by default */
  readonly scenes?: Partial<SceneCounts>;
  /** Which ones there are, in this order; all by default */
  readonly modalities?: readonly SceneModality[];
}

/**
 * Scenes that are rendered once each and kept, in about 37 kB of 64 × 64 pixels. A scene depends on the seed, its
 * split and its number in it, and on the shape of pictures, and on no other scene.
 *
 * @throws Error naming an option that cannot be
 */
export function generateScenes({
  height = 64,
  width = 64,
  seed = 1,
  scenes = {},
  modalities = sceneModalities,
}: SceneOptions = {}): SceneDataset {
  for (const [name, value] of Object.entries({ height, width })) {
    if (Number.isInteger(value) && value > 0 && value % 32 === 0) continue;
    throw new Error(`generateScenes: ${name} must be 32, 64, 96, …, got ${value}`);
  }
  const counts = { ...sceneCounts, ...scenes };
  for (const split of splitNames) {
    if (Number.isInteger(counts[split]) && counts[split] > 0) continue;
    throw new Error(`generateScenes: scenes.${split} must be 1, 2, …, got ${counts[split]}`);
  }
  const unknown = modalities.find((name) => !sceneModalities.includes(name));
  if (unknown !== undefined || modalities.length === 0) {
    const known = sceneModalities.join(', ');
    throw new Error(
      `generateScenes: modalities must be some of ${known}, got ${unknown ?? 'none'}`,
    );
  }
  if (new Set(modalities).size < modalities.length) {
    throw new Error(`generateScenes: modalities must differ, got ${modalities.join(', ')}`);
  }
  return new SceneDataset({ height, width }, seed, numbered(counts), modalities);
}

export class SceneDataset implements SegmentationDataset {
  readonly task = 'segmentation';
  readonly name: string;
  readonly classes: readonly string[] = sceneClasses;
  private readonly rendered = new Map<number, RenderedScene>();

  constructor(
    readonly shape: PictureShape,
    readonly seed: number,
    readonly splits: Splits,
    readonly modalities: readonly SceneModality[],
  ) {
    // Scenes of another shape or seed are others: nobody takes them for pairs.
    this.name = `synthetic scenes (${shape.height}×${shape.width}, seed ${seed})`;
  }

  /** Float32 [B, height, width, 3] each: rgb normalised with ImageNet's mean and deviation, the others from 0 to 1. */
  inputs(samples: readonly number[]): Record<string, tf.Tensor> {
    return this.inputsOf(samples, []);
  }

  labelled(samples: readonly number[], augmentation?: Stream): LabelledImages {
    const { height, width } = this.shape;
    const mirrored = augmentation ? samples.map(() => augmentation.uniform() < 0.5) : [];
    const inputs = this.inputsOf(samples, mirrored);
    const labels = new Int32Array(samples.length * height * width);
    samples.forEach((sample, place) => {
      const own = this.picturesOf(sample).labels;
      const columnOf = columns(width, mirrored[place]);
      for (let row = 0; row < own.length; row += width) {
        for (let column = 0; column < width; column++) {
          labels[place * own.length + row + column] = own[row + columnOf(column)]!;
        }
      }
    });
    const shape: [number, number, number] = [samples.length, height, width];
    return { inputs, labels: tf.tensor3d(labels, shape, 'int32') };
  }

  mirrored(inputs: Inputs): Inputs {
    const mirror = (name: string, images: tf.Tensor) => {
      const exchanged = tf.reverse(images, 2);
      const turned = [0, 1, 2].map((channel) => Number(turns(name, channel)));
      if (!turned.includes(1)) return exchanged;
      // x, and 1 − x of what turns
      const factors = turned.map((own) => 1 - 2 * own);
      return tf.add(tf.mul(exchanged, factors), turned);
    };
    return Object.fromEntries(
      Object.entries(inputs).map(([name, images]) => [name, tf.tidy(() => mirror(name, images))]),
    );
  }

  /**
   * The pictures of a scene.
   *
   * @throws Error when there is no such sample
   */
  picturesOf(sample: number): RenderedScene {
    const known = this.rendered.get(sample);
    if (known) return known;
    const name = this.streamOf(sample);
    const pictures = render(this.sceneOf(sample), (modality) =>
      stream(this.seed, `${name}/${modality}`),
    );
    this.rendered.set(sample, pictures);
    return pictures;
  }

  /**
   * What stands where in a scene, which only its maker knows.
   *
   * @throws Error when there is no such sample
   */
  sceneOf(sample: number): Scene {
    return drawScene(stream(this.seed, `${this.streamOf(sample)}/layout`), this.shape);
  }

  /** What a sample's random streams are called: by its split and its number in it. */
  private streamOf(sample: number): string {
    const split = splitNames.find((name) => {
      const own = this.splits[name];
      return sample >= own[0]! && sample <= own.at(-1)!;
    });
    if (split === undefined || !Number.isInteger(sample)) {
      const count = splitNames.reduce((sum, name) => sum + this.splits[name].length, 0);
      throw new Error(`${this.name}: no sample ${sample}; there are ${count}`);
    }
    return `scenes/${split}/${sample - this.splits[split][0]!}`;
  }

  /** @param mirrored which samples are flipped from left to right; those without an entry are not */
  private inputsOf(
    samples: readonly number[],
    mirrored: readonly boolean[],
  ): Record<string, tf.Tensor> {
    const { height, width } = this.shape;
    const pictures = samples.map((sample) => this.picturesOf(sample));
    return Object.fromEntries(
      this.modalities.map((name) => {
        const values = new Float32Array(samples.length * height * width * 3);
        pictures.forEach((picture, place) => {
          const own = values.subarray(place * height * width * 3, (place + 1) * height * width * 3);
          write(own, picture[name], name, width, mirrored[place]);
        });
        return [name, tf.tensor4d(values, [samples.length, height, width, 3])] as const;
      }),
    );
  }
}

/** The mean and the deviation of ImageNet's red, green and blue */
const imageNet = [
  [0.485, 0.229],
  [0.456, 0.224],
  [0.406, 0.225],
] as const;

/** What a byte is to a network, by modality and channel. */
const tables: Readonly<Record<SceneModality, readonly Float32Array[]>> = (() => {
  const plain = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);
  const same = [plain, plain, plain];
  const rgb = imageNet.map(([mean, deviation]) => plain.map((value) => (value - mean) / deviation));
  return { rgb, depth: same, thermal: same, polarisation: same };
})();

/** Writes one sample's picture for a network. */
function write(
  values: Float32Array,
  bytes: Uint8Array,
  name: SceneModality,
  width: number,
  isMirrored = false,
): void {
  const channels = channelsOf[name];
  const columnOf = columns(width, isMirrored);
  for (let c = 0; c < 3; c++) {
    const table = tables[name][c]!;
    const isTurned = isMirrored && turns(name, c);
    for (let row = 0; row < values.length / 3; row += width) {
      for (let column = 0; column < width; column++) {
        const byte = bytes[(row + columnOf(column)) * channels + (c % channels)]!;
        values[3 * (row + column) + c] = table[isTurned ? 255 - byte : byte]!;
      }
    }
  }
}

/** In a mirror angles turn the other way: sin 2φ changes its sign, and 0 is in the middle of the bytes. */
const turns = (name: string, channel: number) => name === 'polarisation' && channel === 1;

/** Where a column comes from. */
const columns =
  (width: number, isMirrored = false) =>
  (column: number) =>
    isMirrored ? width - 1 - column : column;
