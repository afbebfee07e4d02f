/** Pictures as rows of patches, which one linear map turns into tokens. */
import { tf } from '../tensor/tf.js';

/**
 * Cuts pictures into square patches, in raster order; within a patch values go by row, column, colour.
 *
 * @param pictures [B, H, W, 3], H and W multiples of `patch`
 * @returns [B, N, 3·patch²]
 */
export function cutPatches(pictures: tf.Tensor, patch: number): tf.Tensor {
  const [batch, height, width] = pictures.shape as [number, number, number];
  const [down, across] = [height / patch, width / patch];
  // Rows of a patch lie together already; only patch rows and patch columns change places.
  const strips = tf.reshape(pictures, [batch * down, patch, across, 3 * patch]);
  return tf.reshape(tf.transpose(strips, [0, 2, 1, 3]), [batch, down * across, 3 * patch ** 2]);
}
