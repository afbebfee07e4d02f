/** Batch normalisation (Ioffe and Szegedy 2015), as PyTorch has it. */
import { withGradient } from './custom.js';
import { ones, zeros, type Declarations, type Parameters } from './parameters.js';
import { tf } from './tf.js';

const epsilon = 1e-5;
/** The share of a batch in the running statistics, where nothing else is said */
const usualMomentum = 0.1;

/**
 * Declares `{name}.weight` [width], ones, `{name}.bias` [width], zeros, and the statistics `{name}.runningMean`
 * [width], zeros, and `{name}.runningVariance` [width], ones.
 */
export function addBatchNorm(parameters: Declarations, name: string, width: number): void {
  parameters.add(`${name}.weight`, [width], ones);
  parameters.add(`${name}.bias`, [width], zeros);
  parameters.add(`${name}.runningMean`, [width], zeros);
  parameters.add(`${name}.runningVariance`, [width], ones);
}

/** Whether a parameter is a running statistic, which no optimiser changes: what `isFixed` of a network names */
export const isRunningStatistic = (parameter: string): boolean =>
  /\.running(Mean|Variance)$/.test(parameter);

/**
 * y = (x − mean) / √(variance + ε) · weight + bias for each entry of the last axis.
 *
 * In training mean and variance are those of the batch, over all axes but the last, and differentiated; the
 * running ones become 1 − momentum of what they are and momentum of the batch's, the variance there over n − 1.
 * Otherwise they are the running ones.
 *
 * @param x [..., width]
 * @returns [..., width]
 * @throws Error when in training there is a single value of each entry, of which nothing would be left
 */
export function batchNorm(
  parameters: Parameters,
  name: string,
  x: tf.Tensor,
  training: boolean,
  momentum = usualMomentum,
): tf.Tensor {
  const of = (part: string) => parameters.get(`${name}.${part}`);
  const width = of('weight').size;
  const shape = `[${x.shape.join(', ')}]`;
  if (x.shape[x.rank - 1] !== width) {
    throw new Error(`batchNorm ${name}: last axis must be ${width}, got ${shape}`);
  }
  const count = x.size / width;
  if (training && count < 2) {
    throw new Error(`batchNorm ${name}: training needs more than one sample, got ${shape}`);
  }
  return tf.tidy(() => {
    const rows = tf.reshape(x, [count, width]);
    const y = training ? ofBatch(of, rows, momentum) : ofRunning(of, rows);
    return tf.reshape(y, x.shape);
  });
}

/** The parameter of that part of the name */
type Of = (part: string) => tf.Variable;

/** weight/σ is computed first, of a row alone. */
function ofRunning(of: Of, rows: tf.Tensor): tf.Tensor {
  const factor = tf.div(of('weight'), tf.sqrt(tf.add(of('runningVariance'), epsilon)));
  return tf.add(tf.mul(tf.sub(rows, of('runningMean')), factor), of('bias'));
}

/**
 * By the statistics of the batch. With x̂ = (x − mean)/σ, n rows and sums over them, dweight = Σ dy·x̂, dbias = Σ dy and
 * dx = (dy − dbias/n − x̂·dweight/n)·weight/σ.
 */
function ofBatch(of: Of, rows: tf.Tensor, momentum: number): tf.Tensor {
  const [count] = rows.shape as [number];
  return withGradient(
    [rows, of('weight'), of('bias')],
    (save) => {
      const mean = tf.div(tf.sum(rows, 0), count);
      const centred = tf.sub(rows, mean);
      const variance = tf.div(tf.sum(tf.square(centred), 0), count);
      follow(of('runningMean'), mean, momentum);
      follow(of('runningVariance'), tf.mul(variance, count / (count - 1)), momentum);
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      const factor = tf.mul(inverse, of('weight'));
      save([centred, inverse, factor]);
      return tf.add(tf.mul(centred, factor), of('bias'));
    },
    (dy, [centred, inverse, factor]) => {
      const dweight = tf.mul(inverse!, tf.sum(tf.mul(dy, centred!), 0));
      const dbias = tf.sum(dy, 0);
      const along = tf.div(tf.mul(dweight, inverse!), count);
      const rest = tf.sub(tf.sub(dy, tf.mul(centred!, along)), tf.div(dbias, count));
      return [tf.mul(rest, factor!), dweight, dbias];
    },
  );
}

/** Moves a running statistic towards that of a batch. */
function follow(running: tf.Variable, batch: tf.Tensor, momentum: number): void {
  running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(batch, momentum)));
}
