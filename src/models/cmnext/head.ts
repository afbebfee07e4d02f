/**
 * The head, SegFormer's: every stage's map is mapped to one width and resized to the first's size, all four are merged,
 * and each cell is classified.
 */
import { dropChannels } from '../../tensor/dropPath.js';
import { linear, linearBy } from '../../tensor/linear.js';
import { resizeBilinear } from '../../tensor/resize.js';
import { tf } from '../../tensor/tf.js';
import { strides } from './config.js';
import { normalise, runPart, type Run } from './run.js';

/**
 * @param features of the four stages, [B, h, w, d]
 * @param dropout the rate of dropout of channels
 * @returns logits [B, H, W, C] of the image's size, four times the first stage's
 */
export const classify = (run: Run, features: readonly tf.Tensor[], dropout: number): tf.Tensor =>
  runPart(run, 'head', features, (own, given) => {
    const merged = tf.tidy(() => mergeStages(own, given));
    const seen = tf.relu(normalise(own, 'head.norm', merged));
    const kept = dropChannels(seen, dropout, own.training);
    const logits = linear(own.parameters, 'head.output', kept);
    const [, height, width] = logits.shape as [number, number, number];
    return resizeBilinear(logits, strides[0] * height, strides[0] * width);
  });

/**
 * Σ_s resize(f_s·(W_s·M_s) + b_s·M_s) with M_s the rows of the merging weight for stage s. What is linear may change
 * places: a map is merged while it is still small, and by one product instead of two.
 */
export function mergeStages({ parameters }: Run, features: readonly tf.Tensor[]): tf.Tensor {
  const [, height, width] = features[0]!.shape as [number, number, number];
  // The last stage's rows are the first. TF.js keeps the array of what it split, so another one is reversed.
  const rows = [...tf.split(parameters.get('head.merge.weight'), features.length, 0)].reverse();
  const parts = features.map((map, stage) => {
    const of = (part: string) => parameters.get(`head.stage.${stage + 1}.${part}`);
    const weight = tf.matMul(of('weight'), rows[stage]!);
    const bias = tf.matMul(tf.expandDims(of('bias'), 0), rows[stage]!);
    const merged = linearBy(map, weight, tf.squeeze(bias, [0]));
    return resizeBilinear(merged, height, width);
  });
  return parts.reduce((a, b) => tf.add(a, b));
}

/** The same as it is written: concat(resize(f_s·W_s + b_s))·M. The specification of `mergeStages`. */
export function plainMergeStages({ parameters }: Run, features: readonly tf.Tensor[]): tf.Tensor {
  const [, height, width] = features[0]!.shape as [number, number, number];
  const parts = features.map((map, stage) =>
    resizeBilinear(linear(parameters, `head.stage.${stage + 1}`, map), height, width),
  );
  return linear(parameters, 'head.merge', tf.concat(parts.reverse(), 3));
}
