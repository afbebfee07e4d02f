/** Gaussian blur with a separable kernel; at the border the image is mirrored about its outermost pixels. */
import { asValues, roundingLike, type Raster, type RasterValues } from './raster.js';

/** exp(−x² / 2σ²) at x = −(n − 1)/2 … (n − 1)/2, with the sum 1, as torchvision and OpenCV have it. */
export function gaussianKernel(size: number, sigma: number): Float64Array {
  const middle = (size - 1) / 2;
  const kernel = Float64Array.from({ length: size }, (_, index) =>
    Math.exp(-((index - middle) ** 2) / (2 * sigma ** 2)),
  );
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  return kernel.map((weight) => weight / sum);
}

/**
 * Bytes stay bytes, rounded once at the end.
 *
 * @param kernel an odd number of weights
 */
export function blur<V extends RasterValues>(
  { width, height, channels, values }: Raster<V>,
  kernel: Float64Array,
): Raster<V> {
  const wide = new Float32Array(values.length);
  convolve(values, wide, width, channels, kernel, (column, row) => row * width + column, height);
  const result = roundingLike(values, values.length);
  convolve(wide, result, height, channels, kernel, (row, column) => row * width + column, width);
  return { width, height, channels, values: asValues(result, values) };
}

/** Along one axis of `length` pixels, for each of `lines`. */
function convolve(
  from: RasterValues,
  to: Float32Array | Uint8ClampedArray,
  length: number,
  channels: number,
  kernel: Float64Array,
  pixel: (along: number, line: number) => number,
  lines: number,
): void {
  const reach = (kernel.length - 1) / 2;
  const mirrored = Int32Array.from({ length: length + 2 * reach }, (_, place) =>
    mirror(place - reach, length),
  );
  for (let line = 0; line < lines; line++) {
    for (let along = 0; along < length; along++) {
      const target = pixel(along, line) * channels;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = 0; tap < kernel.length; tap++) {
          sum += kernel[tap]! * from[pixel(mirrored[along + tap]!, line) * channels + channel]!;
        }
        to[target + channel] = sum;
      }
    }
  }
}

/** −1, −2 become 1, 2, and behind the end it goes back alike. */
function mirror(place: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const within = ((place % period) + period) % period;
  return within < length ? within : period - within;
}
