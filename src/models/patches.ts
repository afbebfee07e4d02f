/** Images as rows of patches, which one linear map turns into tokens. */
import { tf } from '../tensor/tf.js';

/**
 * Cuts images into square patches, in raster order; within a patch values go by row, column, channel.
 *
 * @param images [B, H, W, C], H and W multiples of `patch`
 * @returns [B, N, patch²·C]
 */
export function cutPatches(images: tf.Tensor, patch: number): tf.Tensor {
  const [batch, height, width, channels] = images.shape as [number, number, number, number];
  const [down, across] = [height / patch, width / patch];
  // Rows of a patch lie together already; only patch rows and patch columns change places.
  const strips = tf.reshape(images, [batch * down, patch, across, patch * channels]);
  const patches = tf.transpose(strips, [0, 2, 1, 3]);
  return tf.reshape(patches, [batch, down * across, patch ** 2 * channels]);
}
