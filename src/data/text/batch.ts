/** Texts as a network's input. */
import { tf } from '../../tensor/tf.js';
import type { TextEncoder } from './encoder.js';

export interface TextBatch {
  /** Token ids: int32 [B, L] */
  readonly text: tf.Tensor2D;
  /** Which of them are no padding: int32 [B, L] */
  readonly textMask: tf.Tensor2D;
}

/** A batch of texts; the caller owns the tensors. */
export function textBatch(texts: readonly string[], encoder: TextEncoder): TextBatch {
  const shape: [number, number] = [texts.length, encoder.length];
  const [ids, mask] = [new Int32Array(shape[0] * shape[1]), new Int32Array(shape[0] * shape[1])];
  texts.forEach((text, place) => {
    const encoded = encoder.encode(text);
    ids.set(encoded.ids, place * encoder.length);
    mask.set(encoded.mask, place * encoder.length);
  });
  return { text: tf.tensor2d(ids, shape, 'int32'), textMask: tf.tensor2d(mask, shape, 'int32') };
}
