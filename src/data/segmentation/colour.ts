/**
 * Brightness, contrast and saturation of bytes as torchvision's `adjust_…` of tensors: factor · x + (1 − factor) · y
 * in float32, limited to 0 … 255, decimals cut off. y is black, the mean of grey, or each pixel's grey.
 */
import type { Raster } from './raster.js';

type Bytes = Raster<Uint8Array>;

export function adjustBrightness(image: Bytes, factor: number): Bytes {
  return blended(image, factor, () => 0);
}

export function adjustContrast(image: Bytes, factor: number): Bytes {
  const grey = greyOf(image);
  const mean = Math.fround(grey.reduce((sum, value) => sum + value, 0) / grey.length);
  return blended(image, factor, () => mean);
}

export function adjustSaturation(image: Bytes, factor: number): Bytes {
  const grey = greyOf(image);
  return blended(image, factor, (pixel) => grey[pixel]!);
}

/** 0.2989 R + 0.587 G + 0.114 B, decimals cut off */
function greyOf({ values }: Bytes): Uint8Array {
  const [red, green, blue] = [0.2989, 0.587, 0.114].map(Math.fround) as [number, number, number];
  return Uint8Array.from({ length: values.length / 3 }, (_, pixel) => {
    const [r, g, b] = values.subarray(3 * pixel, 3 * pixel + 3);
    const twoOf = Math.fround(Math.fround(red * r!) + Math.fround(green * g!));
    return Math.fround(twoOf + Math.fround(blue * b!));
  });
}

function blended(image: Bytes, factor: number, other: (pixel: number) => number): Bytes {
  const own = Math.fround(factor);
  const others = Math.fround(1 - factor);
  const values = image.values.map((value, index) => {
    const share = Math.fround(others * other(Math.floor(index / image.channels)));
    const sum = Math.fround(Math.fround(own * value) + share);
    return Math.min(255, Math.max(0, sum));
  });
  return { ...image, values };
}
