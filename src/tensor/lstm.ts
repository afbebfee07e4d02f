/** Long short-term memory (Hochreiter and Schmidhuber 1997) of one layer, as PyTorch has it. */
import { linear } from './linear.js';
import { uniform, type Declarations, type Parameters } from './parameters.js';
import { expectShapes } from './shapes.js';
import { tf } from './tf.js';

/**
 * Declares `{name}.input.weight` [inputs, 4·hidden], `{name}.hidden.weight` [hidden, 4·hidden], and a bias
 * [4·hidden] of either; all uniform in ±1/√hidden.
 */
export function addLstm(
  parameters: Declarations,
  name: string,
  inputs: number,
  hidden: number,
): void {
  const initial = uniform(1 / Math.sqrt(hidden));
  for (const [part, rows] of [
    ['input', inputs],
    ['hidden', hidden],
  ] as const) {
    parameters.add(`${name}.${part}.weight`, [rows, 4 * hidden], initial);
    parameters.add(`${name}.${part}.bias`, [4 * hidden], initial);
  }
}

/**
 * The hidden state after the last step. From h₀ = c₀ = 0, at each step
 *
 *   [i | f | g | o] = x_t·W_x + b_x + h·W_h + b_h
 *   c ← σ(f)·c + σ(i)·tanh(g)
 *   h ← σ(o)·tanh(c)
 *
 * @param x [B, T, inputs]
 * @returns [B, hidden]
 */
export function lstm(parameters: Parameters, name: string, x: tf.Tensor): tf.Tensor {
  const [inputs] = parameters.get(`${name}.input.weight`).shape;
  const [hidden] = parameters.get(`${name}.hidden.weight`).shape;
  const { B } = expectShapes('lstm', { [name]: [x, 'B T F'] }, { F: inputs });
  return tf.tidy(() => {
    let c: tf.Tensor = tf.zeros([B, hidden]);
    let h = c;
    for (const read of tf.unstack(linear(parameters, `${name}.input`, x), 1)) {
      const gates = tf.add(read, linear(parameters, `${name}.hidden`, h));
      const [i, f, g, o] = tf.split(gates, 4, 1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
      c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
      h = tf.mul(tf.sigmoid(o), tf.tanh(c));
    }
    return h;
  });
}
