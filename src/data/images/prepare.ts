/** A picture as ViLT sees it: decoded and resized. */
import { resizeBicubic } from './bicubic.js';
import { decodePicture } from './decode.js';
import type { Picture } from './picture.js';
import { targetSize, type PictureShape } from './size.js';

export interface Preparation {
  /** What errors call the picture */
  readonly name: string;
  readonly shape: PictureShape;
  /** Of the shorter side, or of both */
  readonly size: number;
}

/** @throws Error naming the picture when it cannot be decoded */
export async function preparePicture(
  bytes: Uint8Array,
  { name, shape, size }: Preparation,
): Promise<Picture> {
  const picture = await decodePicture(bytes, name);
  return resizeBicubic(picture, targetSize(picture, shape, size));
}
