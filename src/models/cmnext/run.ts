/** What every part of CMNeXt needs when it runs. */
import { batchNorm } from '../../tensor/batchNorm.js';
import { depthwise } from '../../tensor/convolution.js';
import { gelu } from '../../tensor/activations.js';
import { linear } from '../../tensor/linear.js';
import { recompute, type Means } from '../../tensor/recompute.js';
import { tf } from '../../tensor/tf.js';

export interface Run extends Means {
  /** The share of a batch in running statistics */
  readonly momentum?: number | undefined;
  /** Whether parts are computed again for the gradient */
  readonly recompute: boolean;
}

/**
 * A part of the network, from the inputs to a map; what it computes on its way is gone afterwards, or with
 * `recompute` even in training.
 *
 * @param name begins the names of its parameters, all that it may read
 */
export const runPart = (
  run: Run,
  name: string,
  inputs: readonly tf.Tensor[],
  part: (run: Run, inputs: tf.Tensor[]) => tf.Tensor,
): tf.Tensor =>
  run.recompute ? recompute(run, name, inputs, part) : tf.tidy(() => part(run, [...inputs]));

/** Batch normalisation of a map [B, h, w, d] */
export const normalise = (
  { parameters, training, momentum }: Run,
  name: string,
  x: tf.Tensor,
): tf.Tensor => batchNorm(parameters, name, x, training !== undefined, momentum);

/** An MLP that sees the cells around each one: linear, depthwise 3 × 3, GELU, linear; [B, h, w, d] → the same */
export function mixMlp({ parameters }: Run, name: string, x: tf.Tensor): tf.Tensor {
  const hidden = linear(parameters, `${name}.hidden`, x);
  const mixed = gelu(depthwise(parameters, `${name}.depthwise`, hidden));
  return linear(parameters, `${name}.output`, mixed);
}

/** [B, h, w, d] → [B, h·w, d] */
export function tokensOf(map: tf.Tensor): tf.Tensor {
  const [batch, height, width, d] = map.shape as [number, number, number, number];
  return tf.reshape(map, [batch, height * width, d]);
}
