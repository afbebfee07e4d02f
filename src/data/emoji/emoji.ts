/**
 * The embedded data set: emoji, each in three modalities by different hands — the OpenMoji picture, the
 * Twemoji picture, and the words of its name and tags. See data/emoji/README.md.
 */
import { tf } from '../../tensor/tf.js';
import type { Inputs } from '../../models/base.js';
import type { Dataset, Splits } from '../dataset.js';
import { stratifiedSplit } from '../split.js';
import { Vocabulary } from '../vocabulary.js';
import { emojiCatalogue, type Emoji } from './catalogue.js';
import { pictureModalities, pictureSize, readPictures, type Pictures } from './pictures.js';

/** Unicode's 100 subgroups, or its 10 groups. */
export type EmojiLabels = 'subgroup' | 'group';

/** Words per emoji; 90 % have at most 13 */
export const wordCount = 12;

/** The split is part of the data set: the same for every experiment, label kind and seed. */
const splitSeed = 1;
const shares = { validation: 0.1, test: 0.25 };

/** Mean and standard deviation per colour channel, of bytes. */
interface Normalisation {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export class EmojiDataset implements Dataset {
  readonly name = 'emoji';
  readonly modalities = [...pictureModalities, 'words'];
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
   * @returns openmoji, twemoji: float32 [B, 32, 32, 3], normalised per channel by the training split;
   *   words: int32 [B, 12]
   */
  inputs(samples: readonly number[]): Inputs {
    const batch = samples.length;
    const wrong = samples.find((sample) => !this.emoji[sample]);
    if (wrong !== undefined) {
      throw new Error(`EmojiDataset.inputs: no sample ${wrong}; there are ${this.emoji.length}`);
    }
    const words = new Int32Array(batch * wordCount);
    samples.forEach((sample, place) => {
      words.set(this.encoded[sample]!, place * wordCount);
    });
    return {
      openmoji: this.picturesOf('openmoji', samples),
      twemoji: this.picturesOf('twemoji', samples),
      words: tf.tensor2d(words, [batch, wordCount], 'int32'),
    };
  }

  private picturesOf(modality: keyof Pictures, samples: readonly number[]): tf.Tensor {
    const bytes = this.pictures[modality];
    const { mean, deviation } = this.normalisation[modality]!;
    const each = pictureSize * pictureSize * 3;
    const values = new Float32Array(samples.length * each);
    samples.forEach((sample, place) => {
      for (let index = 0; index < each; index++) {
        const channel = index % 3;
        values[place * each + index] =
          (bytes[sample * each + index]! - mean[channel]!) / deviation[channel]!;
      }
    });
    return tf.tensor4d(values, [samples.length, pictureSize, pictureSize, 3]);
  }
}

function normalisationOf(bytes: Uint8Array, samples: readonly number[]): Normalisation {
  const each = pictureSize * pictureSize * 3;
  const sum = [0, 0, 0];
  const squares = [0, 0, 0];
  for (const sample of samples) {
    for (let index = 0; index < each; index++) {
      const value = bytes[sample * each + index]!;
      sum[index % 3]! += value;
      squares[index % 3]! += value * value;
    }
  }
  const count = samples.length * pictureSize * pictureSize;
  const mean = sum.map((total) => total / count);
  const deviation = squares.map((total, channel) => Math.sqrt(total / count - mean[channel]! ** 2));
  return { mean, deviation };
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
