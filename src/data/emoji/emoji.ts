/**
 * The embedded data set: emoji, each in three modalities by different hands — the OpenMoji picture, the
 * Twemoji picture, and the words of its name and tags. See data/emoji/README.md.
 */
import type { Stream } from '../../tensor/random.js';
import { tf } from '../../tensor/tf.js';
import type { SampleDataset, Splits } from '../dataset.js';
import { stratifiedSplit } from '../split.js';
import { Vocabulary } from '../vocabulary.js';
import { emojiCatalogue, type Emoji } from './catalogue.js';
import {
  pictureModalities,
  pictureSize,
  readPictures,
  type PictureModality,
  type Pictures,
} from './pictures.js';

/** Unicode's 100 subgroups, or its 10 groups. */
export type EmojiLabels = 'subgroup' | 'group';

/** Words per emoji; 90 % have at most 13 */
export const wordCount = 12;

/** The split is part of the data set: the same for every experiment, label kind and seed. */
const splitSeed = 1;
const shares = { validation: 0.1, test: 0.25 };

/** So that a network learns not to lean on single words, of which a new emoji may have none it knows. */
export interface WordDropout {
  readonly probability: number;
  readonly random: Stream;
}

/** Per colour channel, the normalised value of each byte. */
type Normalisation = readonly Float32Array[];

export class EmojiDataset implements SampleDataset {
  readonly name = 'emoji';
  readonly modalities = [...pictureModalities, 'words'];
  /** What the paper's Table 3 takes together: images and texts */
  readonly kinds = { image: pictureModalities, text: ['words'] };
  readonly classes: readonly string[];
  readonly labels: Int32Array;
  readonly splits: Splits;
  /** Of the training split */
  readonly vocabulary: Vocabulary;
  private readonly encoded: readonly Int32Array[];
  private readonly normalisation: Readonly<Record<string, Normalisation>>;

  constructor(
    readonly emoji: readonly Emoji[],
    /** Bytes [emoji, 32, 32, 3] by modality */
    readonly pictures: Pictures,
    labelKind: EmojiLabels,
  ) {
    const expected = emoji.length * pictureSize * pictureSize * 3;
    for (const modality of pictureModalities) {
      const { length } = pictures[modality];
      if (length !== expected) {
        throw new Error(`EmojiDataset: ${modality} must have ${expected} bytes, got ${length}`);
      }
    }
    const indexed = (names: string[]) => [...new Set(names)].sort();
    const subgroups = indexed(emoji.map(({ subgroup }) => subgroup));
    this.classes = indexed(emoji.map((one) => one[labelKind]));
    this.labels = Int32Array.from(emoji, (one) => this.classes.indexOf(one[labelKind]));
    this.splits = stratifiedSplit(
      emoji.map(({ subgroup }) => subgroups.indexOf(subgroup)),
      shares,
      splitSeed,
    );
    this.vocabulary = new Vocabulary(this.splits.train.map((sample) => emoji[sample]!.words));
    this.encoded = emoji.map(({ words }) => this.vocabulary.encode(words, wordCount));
    this.normalisation = Object.fromEntries(
      pictureModalities.map((name) => [name, normalisationOf(pictures[name], this.splits.train)]),
    );
  }

  /**
   * @param wordDropout replaces each word by `<unknown>` with that probability, for training
   * @returns openmoji, twemoji: float32 [B, 32, 32, 3], normalised per channel by the training split;
   *   words: int32 [B, 12]
   */
  inputs(samples: readonly number[], wordDropout?: WordDropout): Record<string, tf.Tensor> {
    const batch = samples.length;
    const wrong = samples.find((sample) => !this.emoji[sample]);
    if (wrong !== undefined) {
      throw new Error(`EmojiDataset.inputs: no sample ${wrong}; there are ${this.emoji.length}`);
    }
    const words = new Int32Array(batch * wordCount);
    samples.forEach((sample, place) => {
      words.set(this.encoded[sample]!, place * wordCount);
    });
    if (wordDropout) {
      const { probability, random } = wordDropout;
      words.forEach((word, place) => {
        const dropped = word !== Vocabulary.padding && random.uniform() < probability;
        if (dropped) words[place] = Vocabulary.unknown;
      });
    }
    return {
      openmoji: this.picturesOf('openmoji', samples),
      twemoji: this.picturesOf('twemoji', samples),
      words: tf.tensor2d(words, [batch, wordCount], 'int32'),
    };
  }

  /**
   * The emoji of that name.
   *
   * @throws Error when there is none
   */
  find(annotation: string): number {
    const sample = this.emoji.findIndex((one) => one.annotation === annotation);
    if (sample < 0) throw new Error(`there is no emoji "${annotation}"`);
    return sample;
  }

  /** One emoji's picture as it was rasterised. */
  picture(modality: PictureModality, sample: number): { pixels: Uint8Array; size: number } {
    const each = pictureSize * pictureSize * 3;
    const pixels = this.pictures[modality].slice(sample * each, (sample + 1) * each);
    return { pixels, size: pictureSize };
  }

  private picturesOf(modality: keyof Pictures, samples: readonly number[]): tf.Tensor {
    const bytes = this.pictures[modality];
    const [red, green, blue] = this.normalisation[modality] as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const each = pictureSize * pictureSize * 3;
    const values = new Float32Array(samples.length * each);
    samples.forEach((sample, place) => {
      const [from, to] = [sample * each, place * each];
      for (let pixel = 0; pixel < each; pixel += 3) {
        values[to + pixel] = red[bytes[from + pixel]!]!;
        values[to + pixel + 1] = green[bytes[from + pixel + 1]!]!;
        values[to + pixel + 2] = blue[bytes[from + pixel + 2]!]!;
      }
    });
    return tf.tensor4d(values, [samples.length, pictureSize, pictureSize, 3]);
  }
}

/** (byte − mean) / standard deviation, by the channel's mean and deviation over the samples. */
function normalisationOf(bytes: Uint8Array, samples: readonly number[]): Normalisation {
  const each = pictureSize * pictureSize * 3;
  return [0, 1, 2].map((channel) => {
    let [count, sum, squares] = [0, 0, 0];
    for (const sample of samples) {
      for (let index = channel; index < each; index += 3) {
        const value = bytes[sample * each + index]!;
        count++;
        sum += value;
        squares += value * value;
      }
    }
    const mean = sum / count;
    const deviation = Math.sqrt(squares / count - mean ** 2);
    return Float32Array.from({ length: 256 }, (_, byte) => (byte - mean) / deviation);
  });
}

/**
 * Loads the emoji from the picture cache.
 *
 * @param labels what is to be told apart
 * @throws Error saying what to do when a package or the cache is missing or damaged
 */
export function loadEmoji(labels: EmojiLabels = 'subgroup'): EmojiDataset {
  return new EmojiDataset(emojiCatalogue(), readPictures(), labels);
}
