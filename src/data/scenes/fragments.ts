/**
 * What is shaded: a pixel's samples that show the same surface are one fragment, with the point and the normal of the
 * first of them and the share that they have in the pixel. Borders are as smooth as with all samples, at the cost of
 * hardly more than one a pixel.
 */
import type { PictureShape } from './layout.js';
import type { Visible } from './visibility.js';

/** One entry a fragment, pixel by pixel; of points and normals three numbers. */
export interface Fragments extends PictureShape {
  readonly pixel: Int32Array;
  readonly share: Float32Array;
  readonly surface: Uint16Array;
  readonly depth: Float32Array;
  readonly normal: Float32Array;
  readonly point: Float32Array;
}

/** @param finer how many samples a pixel has in each direction */
export function fragmentsOf(visible: Visible, finer: number): Fragments {
  const { surface } = visible;
  const height = visible.height / finer;
  const width = visible.width / finer;
  const first = new Int32Array(surface.length);
  const pixels = new Int32Array(surface.length);
  const samples = new Uint8Array(surface.length);
  let count = 0;
  for (let pixel = 0; pixel < height * width; pixel++) {
    const own = count;
    const start = finer * (Math.floor(pixel / width) * visible.width + (pixel % width));
    for (let row = 0; row < finer; row++) {
      for (let at = start + row * visible.width; at < start + row * visible.width + finer; at++) {
        let known = own;
        while (known < count && surface[first[known]!] !== surface[at]) known++;
        if (known === count) {
          first[count] = at;
          pixels[count++] = pixel;
        }
        samples[known]!++;
      }
    }
  }
  const fragments = {
    height,
    width,
    pixel: pixels.slice(0, count),
    share: new Float32Array(count),
    surface: new Uint16Array(count),
    depth: new Float32Array(count),
    normal: new Float32Array(3 * count),
    point: new Float32Array(3 * count),
  };
  for (let to = 0; to < count; to++) {
    const at = first[to]!;
    fragments.share[to] = samples[to]! / (finer * finer);
    fragments.surface[to] = surface[at]!;
    fragments.depth[to] = visible.depth[at]!;
    for (let axis = 0; axis < 3; axis++) {
      fragments.normal[3 * to + axis] = visible.normal[3 * at + axis]!;
      fragments.point[3 * to + axis] = visible.point[3 * at + axis]!;
    }
  }
  return fragments;
}

/** The mean of each pixel's fragments, of numbers that stand together so many at a time. */
export function pixelMeans(
  { height, width, pixel, share }: Fragments,
  values: Float32Array,
  channels: number,
): Float32Array {
  const means = new Float32Array(height * width * channels);
  for (let at = 0; at < pixel.length; at++) {
    const to = pixel[at]! * channels;
    for (let c = 0; c < channels; c++) means[to + c]! += share[at]! * values[at * channels + c]!;
  }
  return means;
}
