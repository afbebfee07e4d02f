/**
 * What stands for a missing picture or text, as ViLT's data have it: inputs `image` in −1 … 1, with an
 * `imageMask` where pictures are of several sizes, and `text` and `textMask`, both int32 [B, L]. Masks are always
 * said: ViLT's own code takes picture from padding by the pixels, and a picture of zeros would be all padding.
 */
import type { Absence } from '../models/absence.js';
import type { Inputs } from '../models/base.js';
import { tf } from '../tensor/tf.js';
import type { TextEncoder } from './text/encoder.js';

/**
 * - `ones`: a white picture, as Missing-Aware Prompts has it
 * - `black`: a black one
 * - `zeroTokens`: no picture; its tokens are zero
 */
export type MissingImage = 'ones' | 'black' | 'zeroTokens';

/** The value of every pixel. */
const pixels: Readonly<Record<MissingImage, number>> = { ones: 1, black: -1, zeroTokens: 0 };

/**
 * A missing text is the encoded empty string, of which the tokens that begin and end every text are real; a
 * missing image is what `mode` says, and all of it is real.
 */
export function pictureAndTextAbsence(encoder: TextEncoder, mode: MissingImage): Absence {
  const empty = encoder.encode('');
  return {
    inputs(inputs: Inputs, masked: readonly string[]): Inputs {
      const seen: Record<string, tf.Tensor> = { ...inputs };
      const { text, image, imageMask } = inputs;
      if (masked.includes('text') && text) {
        seen.text = repeated(empty.ids, text.shape[0]);
        seen.textMask = repeated(empty.mask, text.shape[0]);
      }
      if (masked.includes('image') && image) {
        seen.image = tf.fill(image.shape, pixels[mode]);
        if (imageMask) seen.imageMask = tf.onesLike(imageMask);
      }
      return seen;
    },
    zeroTokens: mode === 'zeroTokens' ? ['image'] : [],
  };
}

/** The same row for every sample: int32 [B, L]. */
function repeated(row: Int32Array, batch: number): tf.Tensor {
  return tf.tidy(() => tf.tile(tf.tensor2d(row, [1, row.length], 'int32'), [batch, 1]));
}
