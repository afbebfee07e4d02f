/**
 * Resizing as Pillow does it with BICUBIC, to the last bit: first all rows, then all columns, each with a
 * cubic filter that is widened when the picture shrinks, in integers, and rounded to bytes in between. Pretrained
 * networks have seen pictures of exactly this kind; sharp's cubic filter differs by up to a quarter of the range.
 */
import type { Picture, PictureSize } from './picture.js';

/** Bits behind the point of a weight: a sum of weighted bytes stays within 32 bits. */
const precision = 22;

/** Resizes a picture; one that has the size is returned as it is. */
export function resizeBicubic(picture: Picture, { width, height }: PictureSize): Picture {
  const wide = picture.width === width ? picture : alongRows(picture, width);
  return wide.height === height ? wide : alongColumns(wide, height);
}

/** For each new pixel along an axis: where its window of old ones begins, and their weights. */
interface Windows {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  /** [new pixels, reach] */
  readonly weights: Int32Array;
  /** The largest count */
  readonly reach: number;
}

function windowsOf(from: number, to: number): Windows {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = 2 * stretch;
  const reach = Math.ceil(support) * 2 + 1;
  const [starts, counts] = [new Int32Array(to), new Int32Array(to)];
  const weights = new Int32Array(to * reach);
  for (let pixel = 0; pixel < to; pixel++) {
    const center = (pixel + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(from, Math.trunc(center + support + 0.5));
    const exact = Array.from({ length: end - start }, (_, offset) =>
      cubic((start + offset - center + 0.5) / stretch),
    );
    const sum = exact.reduce((total, weight) => total + weight, 0);
    starts[pixel] = start;
    counts[pixel] = exact.length;
    exact.forEach((weight, offset) => {
      weights[pixel * reach + offset] = roundedAway((weight / sum) * 2 ** precision);
    });
  }
  return { starts, counts, weights, reach };
}

/** Keys's cubic with a = −1/2. */
function cubic(x: number): number {
  const a = -0.5;
  const distance = Math.abs(x);
  if (distance < 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
  if (distance < 2) return (((distance - 5) * distance + 8) * distance - 4) * a;
  return 0;
}

/** Rounds halves away from zero. */
function roundedAway(value: number): number {
  return Math.trunc(value + (value < 0 ? -0.5 : 0.5));
}

function alongRows({ width, height, pixels }: Picture, newWidth: number): Picture {
  const windows = windowsOf(width, newWidth);
  const result = new Uint8ClampedArray(newWidth * height * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < newWidth; column++) {
      const first = (row * width + windows.starts[column]!) * 3;
      weighted(pixels, first, 3, windows, column, result, (row * newWidth + column) * 3);
    }
  }
  return { width: newWidth, height, pixels: new Uint8Array(result.buffer) };
}

function alongColumns({ width, height, pixels }: Picture, newHeight: number): Picture {
  const windows = windowsOf(height, newHeight);
  const result = new Uint8ClampedArray(width * newHeight * 3);
  for (let row = 0; row < newHeight; row++) {
    for (let column = 0; column < width; column++) {
      const first = (windows.starts[row]! * width + column) * 3;
      weighted(pixels, first, width * 3, windows, row, result, (row * width + column) * 3);
    }
  }
  return { width, height: newHeight, pixels: new Uint8Array(result.buffer) };
}

/** The weighted sum of one window, from byte `first` in steps of `stride`, as the three bytes at `to`. */
function weighted(
  pixels: Uint8Array,
  first: number,
  stride: number,
  { counts, weights, reach }: Windows,
  window: number,
  result: Uint8ClampedArray,
  to: number,
): void {
  const half = 1 << (precision - 1);
  let [red, green, blue] = [half, half, half];
  const end = window * reach + counts[window]!;
  for (let index = window * reach, from = first; index < end; index++, from += stride) {
    const weight = weights[index]!;
    red = (red + weight * pixels[from]!) | 0;
    green = (green + weight * pixels[from + 1]!) | 0;
    blue = (blue + weight * pixels[from + 2]!) | 0;
  }
  result[to] = red >> precision;
  result[to + 1] = green >> precision;
  result[to + 2] = blue >> precision;
}
