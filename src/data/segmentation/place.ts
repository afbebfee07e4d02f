/** Moving pixels without changing them: mirrored, a part cut out, a border added. */
import { ignoredLabel } from '../dataset.js';
import type { PictureSize } from '../images/picture.js';
import {
  emptyLike,
  mapImages,
  type LabelledRasters,
  type Raster,
  type RasterValues,
  type Window,
} from './raster.js';

/** Left becomes right. */
export function flip<V extends RasterValues>(image: Raster<V>): Raster<V> {
  const { width, height, channels, values } = image;
  const flipped = emptyLike(values, values.length);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = (row * width + column) * channels;
      const to = (row * width + width - 1 - column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        flipped[to + channel] = values[from + channel]!;
      }
    }
  }
  return { ...image, values: flipped };
}

/** The part that lies in the window. */
export function crop<V extends RasterValues>(image: Raster<V>, window: Window): Raster<V> {
  const { width, height } = window;
  const values = emptyLike(image.values, width * height * image.channels);
  const rowLength = width * image.channels;
  for (let row = 0; row < height; row++) {
    const from = ((window.top + row) * image.width + window.left) * image.channels;
    values.set(image.values.subarray(from, from + rowLength), row * rowLength);
  }
  return { width, height, channels: image.channels, values };
}

/** Rows below and columns on the right of one value, as many as the size lacks. */
export function pad<V extends RasterValues>(
  image: Raster<V>,
  { width, height }: PictureSize,
  fill: number,
): Raster<V> {
  if (image.width === width && image.height === height) return image;
  const values = emptyLike(image.values, width * height * image.channels).fill(fill) as V;
  const rowLength = image.width * image.channels;
  for (let row = 0; row < image.height; row++) {
    const from = row * rowLength;
    values.set(image.values.subarray(from, from + rowLength), row * width * image.channels);
  }
  return { width, height, channels: image.channels, values };
}

/** A sample mirrored. */
export const flipAll = ({ images, labels }: LabelledRasters): LabelledRasters => ({
  images: mapImages(images, flip),
  labels: flip(labels),
});

/** A sample with borders of 0, which have no label. */
export const padAll = (
  { images, labels }: LabelledRasters,
  size: PictureSize,
): LabelledRasters => ({
  images: mapImages(images, (image) => pad(image, size, 0)),
  labels: pad(labels, size, ignoredLabel),
});
