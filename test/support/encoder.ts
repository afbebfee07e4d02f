/** A stand-in for a tokenizer: words become their lengths, between 101 and 102, as BERT frames a text. */
import type { TextEncoder } from '../../src/data/text/encoder.js';

export function wordLengths(length: number): TextEncoder {
  return {
    length,
    vocabularySize: 1000,
    encode: (text) => {
      const words = text.split(' ').filter((word) => word !== '');
      const ids = [101, ...words.slice(0, length - 2).map((word) => word.length), 102];
      const [padded, mask] = [new Int32Array(length), new Int32Array(length)];
      padded.set(ids);
      mask.fill(1, 0, ids.length);
      return { ids: padded, mask };
    },
  };
}
