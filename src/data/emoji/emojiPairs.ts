/**
 * The emoji as pairs of one picture and a text, in the form of ViLT's data: a small stand-in for Food-101 that
 * comes with an install.
 */
import type { Absence } from '../../models/absence.js';
import { tf } from '../../tensor/tf.js';
import type { SampleDataset, Splits } from '../dataset.js';
import { pictureAndTextAbsence, type MissingImage, type ViltSizes } from '../pictureAndText.js';
import { bertWords } from '../text/bertWords.js';
import { specialTokens, WordPiece } from '../text/wordPiece.js';
import { loadEmoji, type EmojiDataset, type EmojiLabels, type WordDropout } from './emoji.js';
import { pictureSize, type PictureModality } from './pictures.js';

/** What is written about a picture: its name, as short as the titles of Food-101, or all words of name and tags. */
export const pairTexts = ['name', 'words'] as const;
export type PairText = (typeof pairTexts)[number];

const usualLengths: Readonly<Record<PairText, number>> = { name: 8, words: 16 };

export interface EmojiPairsOptions {
  /** The name by default */
  readonly text?: PairText;
  /** Whose pictures; Twemoji's by default */
  readonly picture?: PictureModality;
  /** L, with [CLS] and [SEP]; by default 8 for names and 16 for words, in which 98 and 97 % have room */
  readonly length?: number;
  /** What stands for a missing picture; a white one by default */
  readonly missingImage?: MissingImage;
}

/** The texts of some samples, one after the other. */
export interface EncodedTexts {
  /** [B · L] */
  readonly ids: Int32Array;
  /** [B · L]: 1, or 0 for padding */
  readonly mask: Int32Array;
}

export class EmojiPairs implements SampleDataset {
  readonly name = 'emojiPairs';
  readonly modalities = ['text', 'image'];
  /** What the paper's Table 3 takes together: images and texts */
  readonly kinds = { image: ['image'], text: ['text'] };
  readonly classes: readonly string[];
  readonly labels: Int32Array;
  readonly splits: Splits;
  /** Its vocabulary: the special tokens and the whole words of the training split */
  readonly wordPiece: WordPiece;
  readonly absence: Absence;
  readonly sizes: ViltSizes;
  private readonly picture: PictureModality;
  private readonly encoded: readonly EncodedTexts[];

  /** @param emoji the same emoji, with these labels and splits */
  constructor(
    readonly emoji: EmojiDataset,
    {
      text = 'name',
      picture = 'twemoji',
      length = usualLengths[text],
      missingImage = 'ones',
    }: EmojiPairsOptions = {},
  ) {
    ({ classes: this.classes, labels: this.labels, splits: this.splits } = emoji);
    this.picture = picture;
    const texts = emoji.emoji.map(({ annotation, words }) =>
      text === 'name' ? annotation : words.join(' '),
    );
    const trained = this.splits.train.flatMap((sample) => bertWords(texts[sample]!));
    const vocabulary = [...Object.values(specialTokens), ...[...new Set(trained)].sort()];
    this.wordPiece = new WordPiece(vocabulary, length);
    this.encoded = texts.map((text) => this.wordPiece.encode(text));
    const { vocabularySize } = this.wordPiece;
    this.sizes = { vocabulary: vocabularySize, textLength: length, imageSize: pictureSize };
    this.absence = pictureAndTextAbsence(this.wordPiece, missingImage);
  }

  /**
   * @param wordDropout replaces each word by [UNK] with that probability, for training
   * @returns text, textMask: int32 [B, L]; image: float32 [B, 32, 32, 3] in −1 … 1
   */
  inputs(
    samples: readonly number[],
    wordDropout?: WordDropout,
  ): Record<'text' | 'textMask' | 'image', tf.Tensor> {
    const { ids, mask } = this.texts(samples, wordDropout);
    const shape: [number, number] = [samples.length, this.wordPiece.length];
    return {
      text: tf.tensor2d(ids, shape, 'int32'),
      textMask: tf.tensor2d(mask, shape, 'int32'),
      image: this.images(samples),
    };
  }

  /** The texts of `inputs`, such as `maskedWords` takes them. */
  texts(samples: readonly number[], wordDropout?: WordDropout): EncodedTexts {
    const { wordPiece, emoji } = this;
    const ids = new Int32Array(samples.length * wordPiece.length);
    const mask = new Int32Array(ids.length);
    samples.forEach((sample, place) => {
      const text = this.encoded[sample];
      if (!text) {
        throw new Error(`EmojiPairs: no sample ${sample}; there are ${emoji.emoji.length}`);
      }
      ids.set(text.ids, place * wordPiece.length);
      mask.set(text.mask, place * wordPiece.length);
    });
    if (wordDropout) {
      const { probability, random } = wordDropout;
      ids.forEach((id, place) => {
        const dropped = wordPiece.isWord(id) && random.uniform() < probability;
        if (dropped) ids[place] = wordPiece.special.unknown;
      });
    }
    return { ids, mask };
  }

  /** The pictures, from 0 … 255 to −1 … 1. */
  private images(samples: readonly number[]): tf.Tensor {
    const bytes = this.emoji.pictures[this.picture];
    const each = pictureSize * pictureSize * 3;
    const values = new Float32Array(samples.length * each);
    samples.forEach((sample, place) => {
      for (let index = 0; index < each; index++) {
        values[place * each + index] = (bytes[sample * each + index]! / 255 - 0.5) / 0.5;
      }
    });
    return tf.tensor4d(values, [samples.length, pictureSize, pictureSize, 3]);
  }
}

/**
 * Loads the emoji as pairs from the picture cache.
 *
 * @param labels what is to be told apart
 * @throws Error saying what to do when a package or the cache is missing or damaged
 */
export function loadEmojiPairs(
  labels: EmojiLabels = 'subgroup',
  options: EmojiPairsOptions = {},
): EmojiPairs {
  return new EmojiPairs(loadEmoji(labels), options);
}
