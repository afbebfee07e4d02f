/** Masked words, BERT's pretraining: some words of a text are hidden, and the network is to tell which they were. */
import type { Stream } from '../../tensor/random.js';
import { tf } from '../../tensor/tf.js';
import type { WordPiece } from './wordPiece.js';

/** The target of every place that is not asked for: the `ignoreIndex` of `crossEntropy`. */
export const notAsked = -1;

export interface MaskedWords {
  /** int32 [B, L]: the texts as the network sees them */
  readonly ids: tf.Tensor;
  /** int32 [B, L]: the words that are asked for, `notAsked` everywhere else */
  readonly targets: tf.Tensor;
}

/**
 * Asks for each word with probability 0.15, for special tokens never. Of the words asked for, 80 % are [MASK],
 * 10 % any word, and 10 % stay, so that no word can be trusted.
 *
 * @param ids of a batch of texts, one after the other: B · L
 */
export function maskedWords(ids: Int32Array, wordPiece: WordPiece, random: Stream): MaskedWords {
  const { special, words, length } = wordPiece;
  const seen = Int32Array.from(ids);
  const targets = new Int32Array(ids.length).fill(notAsked);
  ids.forEach((id, place) => {
    if (!wordPiece.isWord(id) || random.uniform() >= 0.15) return;
    targets[place] = id;
    const draw = random.uniform();
    if (draw < 0.8) seen[place] = special.mask;
    else if (draw < 0.9) seen[place] = words[random.integer(words.length)]!;
  });
  const shape: [number, number] = [ids.length / length, length];
  return { ids: tf.tensor2d(seen, shape, 'int32'), targets: tf.tensor2d(targets, shape, 'int32') };
}
