/** Images of any number of channels in memory, and those of one sample, which lie pixel on pixel. */
import type { PictureSize } from '../images/picture.js';

/** Bytes 0 … 255, or numbers as they are measured */
export type RasterValues = Uint8Array | Float32Array;

export interface Raster<V extends RasterValues = RasterValues> extends PictureSize {
  readonly channels: number;
  /** By rows: [height, width, channels] */
  readonly values: V;
}

/** One sample: every image has the size of the labels. */
export interface LabelledRasters {
  readonly images: Readonly<Record<string, Raster>>;
  /** One channel: indices into the classes, or `ignoredLabel` */
  readonly labels: Raster<Uint8Array>;
}

/** A part of an image, in pixels */
export interface Window extends PictureSize {
  readonly left: number;
  readonly top: number;
}

/** An array like `values`, of another length. */
export function emptyLike<V extends RasterValues>(values: V, length: number): V {
  return (values instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length)) as V;
}

/**
 * An array that is written with computed numbers in place of `values`: what goes into bytes is rounded to the
 * nearest, halves to the even one, as PyTorch's `round` does it.
 */
export function roundingLike(
  values: RasterValues,
  length: number,
): Uint8ClampedArray | Float32Array {
  return values instanceof Uint8Array ? new Uint8ClampedArray(length) : new Float32Array(length);
}

/** What `roundingLike` of the same values gave, as an array of their kind. */
export function asValues<V extends RasterValues>(
  written: Uint8ClampedArray | Float32Array,
  like: V,
): V {
  const isBytes = like instanceof Uint8Array;
  return (isBytes ? new Uint8Array(written.buffer as ArrayBuffer) : written) as V;
}

/** The same of every image. */
export function mapImages(
  images: Readonly<Record<string, Raster>>,
  change: (image: Raster, name: string) => Raster,
): Record<string, Raster> {
  return Object.fromEntries(
    Object.entries(images).map(([name, image]) => [name, change(image, name)]),
  );
}
