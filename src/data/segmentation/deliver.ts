/**
 * How the references of CMNeXt change images of NYUDv2 and FMB, on bytes: https://github.com/jamycheung/DELIVER,
 * `semseg/augmentations_mm.py`. MCubeS has its own way, mcubes/transform.ts.
 */
import type { Stream } from '../../tensor/random.js';
import type { PictureSize } from '../images/picture.js';
import { blur, gaussianKernel } from './blur.js';
import { adjustBrightness, adjustContrast, adjustSaturation } from './colour.js';
import { flipAll, padAll } from './place.js';
import { mapImages, type LabelledRasters, type Raster, type Window } from './raster.js';
import { roundToEven } from '../rounding.js';
import { resizeBilinear, resizeNearest } from './resize.js';

/** What networks downsample by */
const stride = 32;

/** So many pixels, and up to the next multiple of what networks downsample by: a side of an image in evaluation. */
export const aligned = (side: number): number => Math.ceil(side / stride) * stride;

/** torchvision's default for three pixels: 0.15 · 3 + 0.35 */
const smallBlur = gaussianKernel(3, 0.8);

/**
 * As in evaluation: the shorter side becomes `shortSide`, then both are stretched up to multiples of 32; labels, too,
 * and metrics are computed on these.
 */
export function forEvaluation(sample: LabelledRasters, shortSide: number): LabelledRasters {
  const { width, height } = sample.labels;
  const scale = shortSide / Math.min(width, height);
  const scaled = { width: roundToEven(width * scale), height: roundToEven(height * scale) };
  const whole = { width: aligned(scaled.width), height: aligned(scaled.height) };
  return resized(resized(sample, scaled), whole);
}

/**
 * As in training, drawn in this order: colours with probability 0.2, mirrored 0.5, blurred 0.2, resized and cut.
 *
 * @param colour the modality of which colours are changed and which is blurred
 * @param size what the sample becomes
 */
export function forTraining(
  sample: LabelledRasters,
  colour: string,
  size: PictureSize,
  random: Stream,
): LabelledRasters {
  const ofColour = (from: LabelledRasters, change: (image: Raster) => Raster): LabelledRasters => ({
    ...from,
    images: mapImages(from.images, (image, name) => (name === colour ? change(image) : image)),
  });
  let result = sample;
  if (random.uniform() < 0.2) {
    const factors = [random.uniform(0.5, 1.5), random.uniform(0.5, 1.5), random.uniform(0.5, 1.5)];
    const [brightness, contrast, saturation] = factors as [number, number, number];
    result = ofColour(result, (image) => {
      const brighter = adjustBrightness(image as Raster<Uint8Array>, brightness);
      return adjustSaturation(adjustContrast(brighter, contrast), saturation);
    });
  }
  if (random.uniform() < 0.5) result = flipAll(result);
  if (random.uniform() < 0.2) result = ofColour(result, (image) => blur(image, smallBlur));
  return cutResized(result, drawCut(sample.labels, size, random));
}

/** What the whole image becomes, which part of it is kept, and what that is filled up to. */
export interface Cut {
  readonly resized: PictureSize;
  readonly window: Window;
  readonly size: PictureSize;
}

/**
 * Draws a scale r in [½, 2) and where `size` is cut out. The image is made as large as fits into int(r · height) and
 * int(4 · r · width), long side to long side. The reference draws the corner in 0 … margin + 1, one further
 * than the image reaches; what is then missing is filled up, and that is so here.
 */
export function drawCut(from: PictureSize, size: PictureSize, random: Stream): Cut {
  const ratio = random.uniform(0.5, 2);
  const target = [Math.trunc(size.height * ratio), Math.trunc(size.width * 4 * ratio)];
  const scale = Math.min(
    Math.max(...target) / Math.max(from.height, from.width),
    Math.min(...target) / Math.min(from.height, from.width),
  );
  const resized = {
    width: Math.trunc(from.width * scale + 0.5),
    height: Math.trunc(from.height * scale + 0.5),
  };
  const top = random.integer(Math.max(resized.height - size.height, 0) + 2);
  const left = random.integer(Math.max(resized.width - size.width, 0) + 2);
  const window = {
    top,
    left,
    width: Math.min(size.width, resized.width - left),
    height: Math.min(size.height, resized.height - top),
  };
  return { resized, window, size };
}

/** A sample resized, cut, and filled up on the right and below. */
export function cutResized(sample: LabelledRasters, { resized: to, window, size }: Cut) {
  return padAll(resized(sample, to, window), size);
}

function resized(sample: LabelledRasters, size: PictureSize, window?: Window): LabelledRasters {
  const { images, labels } = sample;
  if (!window && labels.width === size.width && labels.height === size.height) return sample;
  return {
    images: mapImages(images, (image) => resizeBilinear(image, size, window)),
    labels: resizeNearest(labels, size, 'torch', window),
  };
}
