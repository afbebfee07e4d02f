/**
 * What ViLT learns before it is given labels (Kim, Son and Kim 2021): to tell masked words, and whether a picture
 * belongs to a text. Of the original's pretraining the alignment of words and patches is left out.
 */
import type { EmojiPairs } from '../data/emoji/emojiPairs.js';
import { maskedWords, notAsked, type MaskedWords } from '../data/text/maskedWords.js';
import { throwIfInterrupted } from '../interruption.js';
import { gelu } from '../tensor/activations.js';
import { addLayerNorm, layerNorm } from '../tensor/layerNorm.js';
import { addLinear, linear } from '../tensor/linear.js';
import { Parameters } from '../tensor/parameters.js';
import type { Stream } from '../tensor/random.js';
import { takeRows } from '../tensor/rows.js';
import { tf } from '../tensor/tf.js';
import { crossEntropy } from '../training/crossEntropy.js';
import type { Inputs } from '../models/base.js';
import type { Vilt } from '../models/vilt/vilt.js';

export interface PretrainingBatch {
  /** Texts and pictures that belong together */
  readonly inputs: Inputs;
  /** The texts with masked words, and which words these were */
  readonly masked: MaskedWords;
  /** By text, the place in the batch of the picture that is shown with it */
  readonly pictures: readonly number[];
}

// A type and not an interface, so that TF.js takes it as what a tidied function returns.
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type PretrainingLosses = {
  readonly total: tf.Tensor;
  /** Cross-entropy of the masked words */
  readonly words: tf.Tensor;
  /** Cross-entropy of whether pictures belong to texts */
  readonly matching: tf.Tensor;
};

/** The heads of pretraining, which nothing needs afterwards. */
export class ViltPretraining {
  /** `words.hidden`, `words.norm`, `words.output`, `matching` */
  readonly parameters: Parameters;

  /** @param seed decides every initial value */
  constructor(
    readonly base: Vilt,
    seed: number,
  ) {
    const { width, vocabulary } = base.config;
    this.parameters = new Parameters(seed);
    addLinear(this.parameters, 'words.hidden', width, width);
    addLayerNorm(this.parameters, 'words.norm', width);
    addLinear(this.parameters, 'words.output', width, vocabulary);
    addLinear(this.parameters, 'matching', width, 2);
  }

  losses({ inputs, masked, pictures }: PretrainingBatch): PretrainingLosses {
    const words = crossEntropy(this.wordLogits({ ...inputs, text: masked.ids }), masked.targets, {
      ignoreIndex: notAsked,
    });
    const belong = pictures.map((picture, text) => (picture === text ? 1 : 0));
    const matching = crossEntropy(
      this.matchingLogits(withPictures(inputs, pictures)),
      tf.tensor1d(belong, 'int32'),
    );
    return { total: tf.add(words, matching), words, matching };
  }

  /** [B, T, vocabulary], of every place of the texts */
  private wordLogits(inputs: Inputs): tf.Tensor {
    const { base } = this;
    const embedded = base.embed(inputs);
    const [batch, count, width] = embedded.text!.shape as [number, number, number];
    const { tokens } = base.encode(embedded, base.tokenMasks(inputs));
    const texts = tf.slice(tokens, [0, 0, 0], [batch, count, width]);
    const hidden = gelu(linear(this.parameters, 'words.hidden', texts));
    const normed = layerNorm(this.parameters, 'words.norm', hidden);
    return linear(this.parameters, 'words.output', normed);
  }

  /**
   * Whether pictures belong to texts.
   *
   * @returns [B, 2], the second logit for yes
   */
  matchingLogits(inputs: Inputs): tf.Tensor {
    const { base } = this;
    const { pooled } = base.encode(base.embed(inputs), base.tokenMasks(inputs));
    return linear(this.parameters, 'matching', pooled);
  }
}

/** @param pictures by text, the place of the picture that is shown with it */
function withPictures(inputs: Inputs, pictures: readonly number[]): Inputs {
  const { image, imageMask } = inputs;
  return {
    ...inputs,
    image: takeRows(image!, pictures),
    ...(imageMask ? { imageMask: takeRows(imageMask, pictures) } : {}),
  };
}

/**
 * A batch for pretraining. Half of the texts are shown with a picture of another sample.
 *
 * @param samples at least two
 * @param streams `words` decides what is masked, `masking` which pictures are exchanged
 */
export function pretrainingBatch(
  dataset: EmojiPairs,
  samples: readonly number[],
  streams: Readonly<Record<'masking' | 'words', Stream>>,
): PretrainingBatch {
  const { ids } = dataset.texts(samples);
  return {
    inputs: dataset.inputs(samples),
    masked: maskedWords(ids, dataset.wordPiece, streams.words),
    pictures: samples.map((_, place) => {
      if (streams.masking.uniform() < 0.5) return place;
      return (place + 1 + streams.masking.integer(samples.length - 1)) % samples.length;
    }),
  };
}

/** Samples of a batch that is measured */
const batchSize = 64;

/**
 * How often it is told rightly whether a picture belongs to a text: each text with its own picture and with that
 * of the next sample, the last text with that of the first.
 *
 * @param samples at least two
 * @returns in 0 … 1; without having learned anything it is one half
 * @throws the interruption's reason, between two batches
 */
export async function matchingAccuracy(
  heads: Pick<ViltPretraining, 'matchingLogits'>,
  dataset: Pick<EmojiPairs, 'inputs'>,
  samples: readonly number[],
): Promise<number> {
  const following = [...samples.slice(1), samples[0]!];
  let right = 0;
  for (let start = 0; start < samples.length; start += batchSize) {
    throwIfInterrupted();
    const batchOf = (all: readonly number[]) => dataset.inputs(all.slice(start, start + batchSize));
    const count = tf.tidy(() => {
      const own = batchOf(samples);
      const others = { ...own, image: batchOf(following).image };
      const says = (inputs: Inputs) => tf.argMax(heads.matchingLogits(inputs), 1).toFloat();
      return tf.sum(tf.add(says(own), tf.sub(1, says(others))));
    });
    right += (await count.data())[0]!;
    count.dispose();
  }
  return right / (2 * samples.length);
}
