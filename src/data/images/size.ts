/**
 * How large a picture becomes. ViLT (Kim et al. 2021) keeps its aspect: the shorter side becomes `size`, unless
 * the longer one then exceeds 1333/800 of that, and both are cut to whole patches.
 */
import type { PictureSize } from './picture.js';

/** The side of ViLT's patches, in pixels */
export const patchSide = 32;

/** `aspect` as ViLT does it; `square` for a constant number of patches, as MMP's projection needs it. */
export const pictureShapes = ['aspect', 'square'] as const;
export type PictureShape = (typeof pictureShapes)[number];

/** The size that a picture is resized to. */
export function targetSize(from: PictureSize, shape: PictureShape, size: number): PictureSize {
  return shape === 'square' ? { width: size, height: size } : aspectSize(from, size);
}

/**
 * ViLT's size. Of pictures so long that the shorter side has no whole patch left, on which the reference fails,
 * one patch is kept.
 */
function aspectSize({ width, height }: PictureSize, size: number): PictureSize {
  const longest = Math.floor((1333 / 800) * size);
  let scale = size / Math.min(width, height);
  let [newWidth, newHeight] = height < width ? [scale * width, size] : [size, scale * height];
  if (Math.max(newWidth, newHeight) > longest) {
    scale = longest / Math.max(newWidth, newHeight);
    [newWidth, newHeight] = [newWidth * scale, newHeight * scale];
  }
  return { width: wholePatches(newWidth), height: wholePatches(newHeight) };
}

function wholePatches(side: number): number {
  return Math.max(1, Math.floor(Math.floor(side + 0.5) / patchSide)) * patchSide;
}
