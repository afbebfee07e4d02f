/**
 * The auxiliary branch, which all modalities but the first share: the self-query hub chooses in each cell among
 * them, and blocks of parallel pooling (Zhang et al. 2023) go on with what it chose.
 */
import { averagePool } from '../../tensor/averagePool.js';
import { depthwise } from '../../tensor/convolution.js';
import { dropPath } from '../../tensor/dropPath.js';
import { layerNorm } from '../../tensor/layerNorm.js';
import { linear } from '../../tensor/linear.js';
import { tf } from '../../tensor/tf.js';
import { windows } from '../../tensor/windows.js';
import { mixMlp, normalise, runPart, type Run } from './run.js';

/** Of the norms of this branch, which unlike the trunk's normalise channels of maps */
export const channelEpsilon = 1e-6;

/** The windows whose means are added up */
const poolSizes = [3, 7, 11];

/** What the hub makes of maps [B, h, w, d] */
export interface Chosen {
  /** Each modality's map, weighted by 1 + its score in each cell */
  readonly weighted: tf.Tensor[];
  /** The largest of them, value by value */
  readonly chosen: tf.Tensor;
}

/**
 * The self-query hub. A single modality passes as it is.
 *
 * @param name `auxiliary.1` … `auxiliary.4`
 * @param maps by modality, each [B, h, w, d]
 */
export function choose(
  { parameters }: Run,
  name: string,
  maps: readonly (readonly [modality: string, map: tf.Tensor])[],
): Chosen {
  const [[, only], ...others] = maps as [[string, tf.Tensor], ...[string, tf.Tensor][]];
  if (others.length === 0) return { weighted: [only], chosen: only };
  const weighted = maps.map(([modality, map]) => {
    const net = `${name}.score.${modality}`;
    const seen = depthwise(parameters, `${net}.depthwise`, map);
    const score = tf.sigmoid(linear(parameters, `${net}.output`, seen));
    return tf.mul(map, tf.add(score, 1));
  });
  return { weighted, chosen: weighted.reduce((a, b) => tf.maximum(a, b)) };
}

/**
 * The blocks of a stage and its norm.
 *
 * @param name `auxiliary.1` … `auxiliary.4`
 * @param rates of stochastic depth, of each block
 * @param x [B, h, w, d]
 * @returns [B, h, w, d]
 */
export function runAuxiliary(
  run: Run,
  name: string,
  rates: readonly number[],
  x: tf.Tensor,
): tf.Tensor {
  const last = rates.reduce((map, rate, block) => {
    const part = `${name}.blocks.${block}`;
    return runPart(run, part, [map], (own, [given]) => runBlock(own, part, rate, given!));
  }, x);
  return layerNorm(run.parameters, `${name}.norm`, last, channelEpsilon);
}

/** x + scale·pooling(norm(x)), and then c·x + scale·MLP(norm(x)) with a weight c for each channel */
function runBlock(run: Run, name: string, rate: number, x: tf.Tensor): tf.Tensor {
  const branch = (part: string, made: tf.Tensor) =>
    dropPath(tf.mul(made, run.parameters.get(`${name}.${part}Scale`)), rate, run.training);
  const pooled = pool(run, `${name}.pooling`, normalise(run, `${name}.poolingNorm`, x));
  const seen = tf.add(x, branch('pooling', pooled));
  const weighted = tf.mul(seen, channelWeights(run, `${name}.channels`, seen));
  const mixed = mixMlp(run, `${name}.mlp`, normalise(run, `${name}.mlpNorm`, seen));
  return tf.add(weighted, branch('mlp', mixed));
}

/** u·(1 + σ(W·s)) with s the sum of t = depthwise 7 × 7 of u and of its means over windows */
function pool({ parameters }: Run, name: string, u: tf.Tensor): tf.Tensor {
  const t = depthwise(parameters, `${name}.depthwise`, u);
  const sum = poolSizes.reduce((so, size) => tf.add(so, averagePool(t, size)), t);
  return tf.mul(u, tf.add(tf.sigmoid(linear(parameters, `${name}.output`, sum)), 1));
}

/** σ of a convolution over the means of neighbouring channels; [B, h, w, d] → [B, 1, 1, d] */
function channelWeights({ parameters }: Run, name: string, x: tf.Tensor): tf.Tensor {
  const [batch, , , d] = x.shape as [number, number, number, number];
  const means = tf.reshape(tf.mean(x, [1, 2]), [batch, d, 1]);
  const padded = tf.pad(means, [
    [0, 0],
    [1, 1],
    [0, 0],
  ]);
  const neighbours = tf.reshape(windows(padded, 3), [batch * d, 3]);
  const weights = tf.matMul(neighbours, parameters.get(`${name}.weight`));
  return tf.reshape(tf.sigmoid(weights), [batch, 1, 1, d]);
}
