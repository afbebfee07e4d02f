/**
 * Resizing as the references of segmentation do it: PyTorch's `interpolate` with `align_corners=False` and no
 * antialiasing (which torchvision 0.10, the version of CMNeXt, has no other of tensors), and OpenCV's `resize`. Both
 * put the middle of new pixel i at (i + ½) · from / to − ½ of the old ones. Only the part that is wanted is computed.
 */
import type { PictureSize } from '../images/picture.js';
import {
  asValues,
  emptyLike,
  roundingLike,
  type Raster,
  type RasterValues,
  type Window,
} from './raster.js';

/** All of an image of that size */
const allOf = ({ width, height }: PictureSize): Window => ({ left: 0, top: 0, width, height });

/**
 * Bilinear: bytes stay bytes, rounded to the nearest.
 *
 * @param size what the whole image becomes
 * @param window which part of that is made; all by default
 */
export function resizeBilinear<V extends RasterValues>(
  { width, height, channels, values }: Raster<V>,
  size: PictureSize,
  window: Window = allOf(size),
): Raster<V> {
  const columns = between(width, size.width, window.left, window.width);
  const rows = between(height, size.height, window.top, window.height);
  const result = roundingLike(values, window.width * window.height * channels);
  let to = 0;
  for (let row = 0; row < window.height; row++) {
    const above = rows.low[row]! * width;
    const below = rows.high[row]! * width;
    const down = rows.share[row]!;
    for (let column = 0; column < window.width; column++) {
      const across = columns.share[column]!;
      const [left, right] = [columns.low[column]!, columns.high[column]!];
      const topLeft = (above + left) * channels;
      const topRight = (above + right) * channels;
      const bottomLeft = (below + left) * channels;
      const bottomRight = (below + right) * channels;
      for (let channel = 0; channel < channels; channel++) {
        const top =
          (1 - across) * values[topLeft + channel]! + across * values[topRight + channel]!;
        const bottom =
          (1 - across) * values[bottomLeft + channel]! + across * values[bottomRight + channel]!;
        result[to++] = (1 - down) * top + down * bottom;
      }
    }
  }
  return { width: window.width, height: window.height, channels, values: asValues(result, values) };
}

/** For each new pixel along an axis the two old ones it lies between, and how far it is from the first. */
function between(from: number, to: number, start: number, count: number) {
  const [low, high] = [new Int32Array(count), new Int32Array(count)];
  const share = new Float64Array(count);
  for (let index = 0; index < count; index++) {
    const place = Math.max(0, (start + index + 0.5) * (from / to) - 0.5);
    low[index] = Math.min(Math.floor(place), from - 1);
    high[index] = Math.min(low[index]! + 1, from - 1);
    share[index] = place - low[index]!;
  }
  return { low, high, share };
}

/**
 * Which old pixel stands for new ones. Both take ⌊i · from / to⌋; PyTorch computes in float32 and OpenCV in float64,
 * which differs where the quotient is a whole number.
 */
export type NearestRule = 'torch' | 'opencv';

/** The nearest pixel, for labels; arguments as those of `resizeBilinear`. */
export function resizeNearest<V extends RasterValues>(
  { width, height, channels, values }: Raster<V>,
  size: PictureSize,
  rule: NearestRule,
  window: Window = allOf(size),
): Raster<V> {
  const columns = nearest(width, size.width, window.left, window.width, rule);
  const rows = nearest(height, size.height, window.top, window.height, rule);
  const result = emptyLike(values, window.width * window.height * channels);
  let to = 0;
  for (const row of rows) {
    for (const column of columns) {
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) result[to++] = values[from + channel]!;
    }
  }
  return { width: window.width, height: window.height, channels, values: result };
}

function nearest(from: number, to: number, start: number, count: number, rule: NearestRule) {
  const scale = rule === 'torch' ? Math.fround(from / to) : 1 / (to / from);
  return Int32Array.from({ length: count }, (_, index) => {
    const place = (start + index) * scale;
    return Math.min(Math.floor(rule === 'torch' ? Math.fround(place) : place), from - 1);
  });
}
