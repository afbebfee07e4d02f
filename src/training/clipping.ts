/** Gradients that are too large, made smaller. */
import { tf } from '../tensor/tf.js';

/** New gradients from gradients, by variable name. */
export type Clipping = (gradients: tf.NamedTensorMap) => tf.NamedTensorMap;

/** Clips every value to ±limit; PyTorch's `clip_grad_value_`. */
export function clipByValue(limit: number): Clipping {
  expectLimit('clipByValue', limit);
  return (gradients) => changed(gradients, (gradient) => tf.clipByValue(gradient, -limit, limit));
}

/**
 * Scales all gradients together so that the norm of all of their values is at most the limit; PyTorch's
 * `clip_grad_norm_`, its 10⁻⁶ included.
 */
export function clipByGlobalNorm(limit: number): Clipping {
  expectLimit('clipByGlobalNorm', limit);
  return (gradients) =>
    tf.tidy(() => {
      const squares = Object.values(gradients).map((gradient) => tf.sum(tf.square(gradient)));
      const norm = tf.sqrt(tf.addN(squares));
      const factor = tf.minimum(tf.div(limit, tf.add(norm, 1e-6)), 1);
      return changed(gradients, (gradient) => tf.mul(gradient, factor));
    });
}

const changed = (
  gradients: tf.NamedTensorMap,
  change: (gradient: tf.Tensor) => tf.Tensor,
): tf.NamedTensorMap =>
  Object.fromEntries(Object.entries(gradients).map(([name, value]) => [name, change(value)]));

function expectLimit(where: string, limit: number): void {
  if (!(limit > 0)) throw new Error(`${where}: the limit must be above 0, got ${limit}`);
}
