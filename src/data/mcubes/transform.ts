/**
 * How the references change images of MCubeS, on float32: https://github.com/jamycheung/DELIVER,
 * `semseg/datasets/mcubes.py`, after MCubeSNet. Resizing and blurring are OpenCV's.
 */
import type { Stream } from '../../tensor/random.js';
import type { PictureSize } from '../images/picture.js';
import { blur, gaussianKernel } from '../segmentation/blur.js';
import { flipAll, padAll } from '../segmentation/place.js';
import { mapImages, type LabelledRasters, type Window } from '../segmentation/raster.js';
import { roundToEven } from '../rounding.js';
import { resizeBilinear, resizeNearest } from '../segmentation/resize.js';

/** Which modalities are blurred */
const blurred: readonly string[] = ['image', 'nir'];

/** As in evaluation: the shorter side becomes `side`, and of the longer one its middle is kept. */
export function forEvaluation(sample: LabelledRasters, side: number): LabelledRasters {
  const size = scaledTo(sample.labels, side);
  const start = (length: number) => roundToEven((length - side) / 2);
  return resized(sample, size, {
    left: start(size.width),
    top: start(size.height),
    width: side,
    height: side,
  });
}

/**
 * As in training, drawn in this order: mirrored with probability 0.5; the shorter side of ½ to 2 times `side`, resized,
 * filled up to `side` with 0 where it is smaller, and cut to it at random; with probability 0.5 colours and
 * near infrared blurred with σ in [0, 1).
 */
export function forTraining(
  sample: LabelledRasters,
  side: number,
  random: Stream,
): LabelledRasters {
  const mirrored = random.uniform() < 0.5 ? flipAll(sample) : sample;
  const least = Math.trunc(side * 0.5);
  const short = least + random.integer(side * 2 - least + 1);
  const size = scaledTo(sample.labels, short);
  const left = random.integer(Math.max(0, size.width - side) + 1);
  const top = random.integer(Math.max(0, size.height - side) + 1);
  const width = Math.min(side, size.width);
  const height = Math.min(side, size.height);
  const part = resized(mirrored, size, { left, top, width, height });
  const whole = padAll(part, { width: side, height: side });
  if (random.uniform() >= 0.5) return whole;
  const kernel = openCvKernel(random.uniform());
  return {
    ...whole,
    images: mapImages(whole.images, (image, name) =>
      blurred.includes(name) ? blur(image, kernel) : image,
    ),
  };
}

/** The kernel of OpenCV's `GaussianBlur` of floats with a size of its own choice: four σ to both sides, made odd. */
export function openCvKernel(sigma: number): Float64Array {
  const reach = Math.floor(roundToEven(8 * sigma + 1) / 2);
  return reach === 0 ? Float64Array.of(1) : gaussianKernel(2 * reach + 1, sigma);
}

/** The shorter side becomes `short`, decimals of the longer one are cut off. */
function scaledTo({ width, height }: PictureSize, short: number): PictureSize {
  return width > height
    ? { width: Math.trunc((width * short) / height), height: short }
    : { width: short, height: Math.trunc((height * short) / width) };
}

function resized(
  { images, labels }: LabelledRasters,
  size: PictureSize,
  window: Window,
): LabelledRasters {
  return {
    images: mapImages(images, (image) => resizeBilinear(image, size, window)),
    labels: resizeNearest(labels, size, 'opencv', window),
  };
}
