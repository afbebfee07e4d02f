/**
 * What a network without MMP sees where the image or the text is missing, of inputs `image` and `text`, each with
 * or without a mask. Lee et al. (2023) show a white image, which is an input of ones, and the empty text.
 */
import type { Absence } from '../models/absence.js';
import type { Inputs } from '../models/base.js';
import type { ViltConfig } from '../models/vilt/config.js';
import { tf } from '../tensor/tf.js';
import { textBatch } from './text/batch.js';
import type { TextEncoder } from './text/encoder.js';

/**
 * A missing image is `ones`, white, as in Lee et al.; `black`; or has no content at all, `zeroTokens`: its tokens
 * are zero.
 */
export const missingImages = ['ones', 'black', 'zeroTokens'] as const;
export type MissingImage = (typeof missingImages)[number];

/** Normalised inputs; those of zero tokens are not seen by anything. */
const fill = { ones: 1, black: -1, zeroTokens: 0 } as const satisfies Record<MissingImage, number>;

/** What a ViLT that reads a data set has to know. */
export type ViltSizes = Pick<ViltConfig, 'vocabulary' | 'textLength' | 'imageSize'>;

/** The absence of data sets with images and texts. */
export function pictureAndTextAbsence(encoder: TextEncoder, mode: MissingImage): Absence {
  return {
    inputs: (inputs, masked) => ({
      ...inputs,
      ...(inputs.image && masked.includes('image') ? absentImage(inputs, fill[mode]) : {}),
      ...(inputs.text && masked.includes('text') ? absentText(inputs, encoder) : {}),
    }),
    zeroTokens: mode === 'zeroTokens' ? ['image'] : [],
  };
}

/** All pixels are of the picture: where a mask says so, no network has to guess it from their values. */
function absentImage({ image, imageMask }: Inputs, value: number): Inputs {
  return {
    image: tf.fill(image!.shape, value),
    ...(imageMask ? { imageMask: tf.onesLike(imageMask) } : {}),
  };
}

function absentText({ text, textMask }: Inputs, encoder: TextEncoder): Inputs {
  const { text: empty, textMask: mask } = textBatch([''], encoder);
  const result = {
    text: tf.tile(empty, [text!.shape[0], 1]),
    ...(textMask ? { textMask: tf.tile(mask, [text!.shape[0], 1]) } : {}),
  };
  tf.dispose([empty, mask]);
  return result;
}
