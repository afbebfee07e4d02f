/** Pictures as a network's input: normalised as ViLT does it, padded with zeros to the largest. */
import { tf } from '../../tensor/tf.js';
import type { Picture } from './picture.js';

/** (x − 0.5) / 0.5 of each byte x / 255, rounded to float32 at every step */
const normalised = Float32Array.from({ length: 256 }, (_, byte) =>
  Math.fround(Math.fround(Math.fround(byte / 255) - 0.5) / 0.5),
);

export interface PictureBatch {
  /** float32 [B, H, W, 3] */
  readonly image: tf.Tensor4D;
  /** Which pixels are of the picture, 1, and which are padding, 0: int32 [B, H, W] */
  readonly imageMask: tf.Tensor3D;
}

/** A batch of pictures; the caller owns the tensors. */
export function pictureBatch(pictures: readonly Picture[]): PictureBatch {
  const batch = pictures.length;
  const height = Math.max(...pictures.map((picture) => picture.height));
  const width = Math.max(...pictures.map((picture) => picture.width));
  const image = new Float32Array(batch * height * width * 3);
  const mask = new Int32Array(batch * height * width);
  pictures.forEach((picture, place) => {
    for (let row = 0; row < picture.height; row++) {
      const start = (place * height + row) * width;
      mask.fill(1, start, start + picture.width);
      const from = row * picture.width * 3;
      for (let offset = 0; offset < picture.width * 3; offset++) {
        image[start * 3 + offset] = normalised[picture.pixels[from + offset]!]!;
      }
    }
  });
  return {
    image: tf.tensor4d(image, [batch, height, width, 3]),
    imageMask: tf.tensor3d(mask, [batch, height, width], 'int32'),
  };
}
