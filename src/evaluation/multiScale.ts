/**
 * Every pixel classified several times, in images of several sizes and in a mirror, and the answers averaged: the
 * optional protocol of CMNeXt's reference, https://github.com/jamycheung/DELIVER, `tools/val_mm.py`. For images of
 * H × W pixels
 *
 *   p = mean over scales s, and over mirrored and not, of softmax(resize(mirror(f(mirror(resize(x, s)))), H × W))
 *
 * where f are a network's logits, sides of resize(x, s) are ⌊s·H⌋ and ⌊s·W⌋ rounded up to multiples of 32, and corner
 * pixels stay at the corners.
 */
import type { SegmentationDataset } from '../data/dataset.js';
import { aligned } from '../data/segmentation/deliver.js';
import type { Inputs } from '../models/base.js';
import { resizeBilinear } from '../tensor/resize.js';
import { tf } from '../tensor/tf.js';
import type { Predictor } from './predictors.js';

export interface MultiScale {
  /** Sizes of images, 1 as they are; at least one, positive */
  readonly scales: readonly number[];
  /** Whether they are seen in a mirror as well */
  readonly flip: boolean;
}

/** How reports say it */
export const multiScaleText = ({ scales, flip }: MultiScale): string =>
  `at scales ${scales.join(', ')}${flip ? ', mirrored as well' : ''}`;

/**
 * Of images float32 [B, H, W, C] by modality the answers of a predictor that takes images of any size, averaged. Other
 * predictors name the size that they cannot take.
 *
 * @param dataset says how its images are mirrored
 * @returns log p [B, H, W, C], logits whose softmax is p
 * @throws Error naming the scales, here or, where nothing would be left of an image, when the predictor is asked
 */
export function multiScalePredictor(
  predictor: Predictor,
  dataset: Pick<SegmentationDataset, 'mirrored'>,
  { scales, flip }: MultiScale,
): Predictor {
  if (scales.length === 0 || scales.some((scale) => !(scale > 0 && scale < Infinity))) {
    const got = scales.join(', ') || 'none';
    throw new Error(`multiScalePredictor: scales must be positive numbers, got ${got}`);
  }
  const inMirror = (inputs: Inputs) => dataset.mirrored?.(inputs) ?? mapInputs(inputs, exchange);
  const views = scales.flatMap((scale) =>
    (flip ? [false, true] : [false]).map((isMirrored) => ({ scale, isMirrored })),
  );
  return (inputs, masked) =>
    tf.tidy(() => {
      const [height, width] = sidesOf(inputs);
      let sum: tf.Tensor = tf.scalar(0);
      for (const { scale, isMirrored } of views) {
        // One view at a time is in memory.
        const next = tf.tidy(() => {
          const [scaledHeight, scaledWidth] = scaledSides([height, width], scale);
          const scaled = mapInputs(inputs, (image) =>
            resizeBilinear(image, scaledHeight, scaledWidth, 'corners'),
          );
          const logits = predictor(isMirrored ? inMirror(scaled) : scaled, masked);
          const back = isMirrored ? exchange(logits) : logits;
          return tf.add(sum, tf.softmax(resizeBilinear(back, height, width, 'corners')));
        });
        sum.dispose();
        sum = next;
      }
      return tf.log(tf.div(sum, views.length));
    });
}

type Sides = readonly [height: number, width: number];

/** Left becomes right; [B, H, W, C] */
const exchange = (images: tf.Tensor): tf.Tensor => tf.reverse(images, 2);

const mapInputs = (inputs: Inputs, change: (image: tf.Tensor) => tf.Tensor): Inputs =>
  Object.fromEntries(Object.entries(inputs).map(([name, image]) => [name, change(image)]));

function sidesOf(inputs: Inputs): Sides {
  const [image] = Object.values(inputs);
  const [, height, width] = image!.shape as [number, number, number, number];
  return [height, width];
}

function scaledSides([height, width]: Sides, scale: number): Sides {
  const scaled: Sides = [Math.trunc(scale * height), Math.trunc(scale * width)];
  if (scaled.includes(0)) {
    throw new Error(
      `multiScalePredictor: at scale ${scale} nothing is left of ${height} × ${width} pixels`,
    );
  }
  return [aligned(scaled[0]), aligned(scaled[1])];
}
