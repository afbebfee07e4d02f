/**
 * The fusion of two branches (Liu et al. 2022): each reads a summary of the other, Kᵀ·V by head, which is as large as
 * a head is wide, and both are merged into one map.
 */
import { depthwise } from '../../tensor/convolution.js';
import { layerNorm } from '../../tensor/layerNorm.js';
import { linear } from '../../tensor/linear.js';
import { tf } from '../../tensor/tf.js';
import { sides } from './layers.js';
import { normalise, runPart, tokensOf, type Run } from './run.js';

/**
 * @param name `fuse.1` … `fuse.4`
 * @param maps of the trunk and of the auxiliary branch, each [B, h, w, d]
 * @returns [B, h, w, d]
 */
export function fuseBranches(
  run: Run,
  name: string,
  heads: number,
  maps: readonly [tf.Tensor, tf.Tensor],
): tf.Tensor {
  return runPart(run, name, maps, (own, given) => {
    const { shape } = given[0]!;
    const crossed = tf.concat(cross(own, name, heads, given.map(tokensOf)), 2);
    return merge(own, `${name}.merge`, tf.reshape(crossed, [...shape.slice(0, 3), 2 * shape[3]!]));
  });
}

/** Each side's tokens [B, N, d], with what they read from the other's */
function cross({ parameters }: Run, name: string, heads: number, tokens: tf.Tensor[]): tf.Tensor[] {
  const read = sides.map(([side], index) => {
    const apply = (part: string, x: tf.Tensor) => linear(parameters, `${name}.${side}.${part}`, x);
    const [kept, asking] = halves(tf.relu(apply('input', tokens[index]!)));
    return { kept, asking, summary: summaryOf(apply('keyValue', asking), heads) };
  });
  return sides.map(([side], index) => {
    const { kept, asking } = read[index]!;
    const found = tf.matMul(asking, read[1 - index]!.summary, false, true);
    const made = linear(parameters, `${name}.${side}.output`, tf.concat([kept, found], 2));
    return layerNorm(parameters, `${name}.${side}.norm`, tf.add(tokens[index]!, made));
  });
}

const halves = (x: tf.Tensor) => tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];

/**
 * softmax(scale·Vᵀ·K) by head, over the keys' channels: the transpose of the summary, with zeros between heads. As one
 * matrix for all heads it needs no other order of axes, and costs no more than a linear map.
 *
 * @param keyValue [B, N, 2·d]
 * @returns [B, d of values, d of keys]
 */
function summaryOf(keyValue: tf.Tensor, heads: number): tf.Tensor {
  const [key, value] = halves(keyValue);
  const d = key.shape[2]!;
  const products = tf.mul(tf.matMul(value, key, true, false), 1 / Math.sqrt(d / heads));
  return tf.softmax(heads === 1 ? products : tf.add(products, betweenHeads(d, heads)));
}

/** 0 within heads, and between them what leaves nothing in a softmax [d, d] */
function betweenHeads(d: number, heads: number): tf.Tensor {
  const width = d / heads;
  const values = new Float32Array(d * d).fill(-1e9);
  for (let row = 0; row < d; row++) {
    const first = row * d + Math.floor(row / width) * width;
    values.fill(0, first, first + width);
  }
  return tf.tensor2d(values, [d, d]);
}

/** [B, h, w, 2·d] → [B, h, w, d] */
function merge(run: Run, name: string, x: tf.Tensor): tf.Tensor {
  const { parameters } = run;
  const apply = (part: string, from: tf.Tensor) => linear(parameters, `${name}.${part}`, from);
  const seen = tf.relu(depthwise(parameters, `${name}.depthwise`, apply('hidden', x)));
  const made = normalise(run, `${name}.outputNorm`, apply('output', seen));
  return normalise(run, `${name}.norm`, tf.add(apply('residual', x), made));
}
