/**
 * The trunk, a Mix Transformer (Xie et al. 2021): pre-norm blocks of self-attention and of an MLP that sees the
 * cells around each one, and a norm at the end of each stage.
 */
import { attention } from '../../tensor/attention.js';
import { dropPath } from '../../tensor/dropPath.js';
import { layerNorm } from '../../tensor/layerNorm.js';
import { linear } from '../../tensor/linear.js';
import { tf } from '../../tensor/tf.js';
import { cutPatches } from '../patches.js';
import { mixMlp, runPart, tokensOf, type Run } from './run.js';

export interface TrunkStage {
  /** `trunk.1` … `trunk.4` */
  readonly name: string;
  /** H */
  readonly heads: number;
  /** Keys and values are of patches of so many cells by so many. */
  readonly srRatio: number;
  /** The rate of stochastic depth of each block */
  readonly dropPath: readonly number[];
}

/**
 * The blocks of a stage and its norm.
 *
 * @param x [B, h, w, d], embedded
 * @returns [B, h, w, d]
 */
export function runTrunk(run: Run, stage: TrunkStage, x: tf.Tensor): tf.Tensor {
  const last = stage.dropPath.reduce((map, rate, block) => {
    const name = `${stage.name}.blocks.${block}`;
    return runPart(run, name, [map], (own, [given]) => runBlock(own, stage, name, rate, given!));
  }, x);
  return layerNorm(run.parameters, `${stage.name}.norm`, last);
}

/** x + attention(norm(x)), and then x + MLP(norm(x)) */
function runBlock(run: Run, stage: TrunkStage, name: string, rate: number, x: tf.Tensor) {
  const { parameters, training } = run;
  const add = (to: tf.Tensor, what: tf.Tensor) => tf.add(to, dropPath(what, rate, training));
  const attended = attend(run, stage, name, layerNorm(parameters, `${name}.attentionNorm`, x));
  const seen = add(x, attended);
  return add(seen, mixMlp(run, `${name}.mlp`, layerNorm(parameters, `${name}.mlpNorm`, seen)));
}

/** Self-attention of all cells to patches of them; [B, h, w, d] → the same */
function attend(
  { parameters }: Run,
  { heads, srRatio }: TrunkStage,
  name: string,
  x: tf.Tensor,
): tf.Tensor {
  const apply = (part: string, from: tf.Tensor) =>
    linear(parameters, `${name}.attention.${part}`, from);
  const tokens = tokensOf(x);
  const read =
    srRatio === 1
      ? tokens
      : layerNorm(
          parameters,
          `${name}.attention.reductionNorm`,
          apply('reduction', cutPatches(wholePatches(x, srRatio), srRatio)),
        );
  const query = apply('query', tokens);
  const [key, value] = tf.split(apply('keyValue', read), 2, -1) as [tf.Tensor, tf.Tensor];
  const scale = 1 / Math.sqrt(x.shape[3]! / heads);
  const { mixed } = attention({ query, key, value }, { heads, scale });
  return tf.reshape(apply('output', mixed), x.shape);
}

/** The image without the rows and columns, below and to the right, that do not fill a patch */
function wholePatches(x: tf.Tensor, patch: number): tf.Tensor {
  const [batch, height, width, d] = x.shape as [number, number, number, number];
  const [rows, columns] = [height - (height % patch), width - (width % patch)];
  if (rows === height && columns === width) return x;
  return tf.slice(x, [0, 0, 0, 0], [batch, rows, columns, d]);
}
