/**
 * Four cameras with the same view. Each takes the mean of a pixel's fragments, adds its own noise and writes bytes:
 *
 * - **rgb**: exposed by a gain that is limited, so nights stay dark and are noisy: the variance of a value is
 *   (read² + shot · value) · gain². Then the curve of a display, value^(1/2.2).
 * - **depth**: nearness 2 m / z, as stereo measures disparity; its noise is the same near and far, so distances are
 *   the less certain the farther. No return is 0. Leaves and grass scatter it.
 * - **thermal**: blurred by the lens, from 25 K below the picture's median to 35 K above it: such cameras level
 *   themselves and do not tell the temperature of the air.
 * - **polarisation**: the degree, and (1 + sin 2φ) / 2, (1 + cos 2φ) / 2 of the angle, of the measured Stokes
 *   parameters; where there is little light or little polarisation the angle is chance.
 */
import { probit } from 'simple-statistics';
import type { Stream } from '../../tensor/random.js';
import type { Fragments } from './fragments.js';
import type { Light } from './light.js';
import type { PictureShape } from './layout.js';
import type { Scene } from './scene.js';

/** Normal numbers by their quantile: noise is needed a lot, and this takes a third of the time. */
const quantiles = Float64Array.from({ length: 4096 }, (_, step) => probit((step + 0.5) / 4096));

const normal = (random: Stream) => quantiles[Math.floor(4096 * random.uniform())]!;

const toByte = (value: number) => Math.round(255 * Math.min(1, Math.max(0, value)));

/** What a display's curve makes of linear values from 0 to 1 in steps of 1 / 4095 */
const displayed = Uint8Array.from({ length: 4096 }, (_, step) =>
  toByte((step / 4095) ** (1 / 2.2)),
);

/** The noise of both cameras of light */
const readNoise = 0.001;
const shotNoise = 0.00012;
const largestGain = 9;
const wantedMean = 0.2;

/** How a picture is exposed, by its mean. */
export function gainFor(colour: Float32Array): number {
  // What is brighter than white counts as white, so that a lamp does not darken the night.
  const sum = colour.reduce((total, value) => total + Math.min(1, value), 0);
  return Math.min(largestGain, (wantedMean * colour.length) / sum);
}

/** @param colour red, green, blue of each pixel, linear */
export function takeRgb(colour: Float32Array, random: Stream): Uint8Array {
  const gain = gainFor(colour);
  const bytes = new Uint8Array(colour.length);
  colour.forEach((value, at) => {
    const noise = Math.sqrt(readNoise * readNoise + shotNoise * value) * normal(random);
    const exposed = Math.min(1, Math.max(0, gain * (value + noise)));
    bytes[at] = displayed[Math.round(4095 * exposed)]!;
  });
  return bytes;
}

/** The distance at which nearness is 1 */
export const nearestDepth = 2;
const depthNoise = 0.008;

/** Nearness of each fragment, before noise. */
export function nearnessOf(
  scene: Scene,
  { surface, depth }: Fragments,
  random: Stream,
): Float32Array {
  const { surfaces } = scene;
  return depth.map((z, at) => {
    if (z === Infinity) return 0;
    const { relief } = surfaces[surface[at]!]!.material;
    const found = relief > 0.02 ? z + relief * random.uniform(-1, 1) : z;
    return nearestDepth / Math.max(nearestDepth, found);
  });
}

/** @param nearness of each pixel */
export function takeDepth(nearness: Float32Array, random: Stream): Uint8Array {
  const bytes = new Uint8Array(nearness.length);
  nearness.forEach((value, at) => {
    if (value > 0) bytes[at] = toByte(value + depthNoise * normal(random));
  });
  return bytes;
}

/** Kelvin from the picture's median to the coldest and to the warmest that is told apart */
export const thermalRange = [-25, 35] as const;
const thermalNoise = 0.5;

/** @param heat °C of each pixel */
export function takeThermal(
  heat: Float32Array,
  { height, width }: PictureShape,
  random: Stream,
): Uint8Array {
  const [coldest, warmest] = thermalRange;
  const level = heat.slice().sort()[heat.length >> 1]!;
  const bytes = new Uint8Array(heat.length);
  blurred(heat, height, width).forEach((value, at) => {
    const measured = value - level + thermalNoise * normal(random);
    bytes[at] = toByte((measured - coldest) / (warmest - coldest));
  });
  return bytes;
}

/** Blurred by (1, 2, 1) / 4 in both directions, as far as the border at the border. */
function blurred(values: Float32Array, height: number, width: number): Float32Array {
  const pass = (from: Float32Array, step: number, place: (at: number) => number, size: number) =>
    from.map((value, at) => {
      const own = place(at);
      const before = own > 0 ? from[at - step]! : value;
      const after = own < size - 1 ? from[at + step]! : value;
      return (before + 2 * value + after) / 4;
    });
  const across = pass(values, 1, (at) => at % width, width);
  return pass(across, width, (at) => Math.floor(at / width), height);
}

/** @returns degree, sine and cosine of each pixel */
export function takePolarisation(light: Light, random: Stream): Uint8Array {
  const { colour, stokes } = light;
  const bytes = new Uint8Array(colour.length);
  for (let at = 0; at < stokes.length / 2; at++) {
    const mean = (colour[3 * at]! + colour[3 * at + 1]! + colour[3 * at + 2]!) / 3;
    const noise = Math.sqrt(readNoise * readNoise + shotNoise * mean);
    const total = Math.max(mean, noise);
    const q = (stokes[2 * at]! + noise * normal(random)) / total;
    const u = (stokes[2 * at + 1]! + noise * normal(random)) / total;
    const degree = Math.hypot(q, u);
    bytes[3 * at] = toByte(degree);
    bytes[3 * at + 1] = toByte((1 + u / degree) / 2);
    bytes[3 * at + 2] = toByte((1 + q / degree) / 2);
  }
  return bytes;
}
