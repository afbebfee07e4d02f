/** `tf.customGrad` with types, for the few operations whose gradient we write by hand. */
import { tf } from './tf.js';

/**
 * An operation with a gradient of ours. What `forward` computes is not recorded on the tape, and every
 * tensor that `backward` needs must be saved, also one from outside: TF.js frees the rest in between.
 *
 * @param inputs the tensors that are differentiated; others may be closed over and are constants
 * @param forward computes the value; `save` keeps tensors for `backward`
 * @param backward the gradient of each input, in order, from the gradient of the value
 */
export function withGradient(
  inputs: tf.Tensor[],
  forward: (save: (tensors: tf.Tensor[]) => void) => tf.Tensor,
  backward: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[],
): tf.Tensor {
  return tf.customGrad((...parameters) => {
    const save = parameters[parameters.length - 1] as (tensors: tf.Tensor[]) => void;
    return { value: forward(save), gradFunc: backward };
  })(...inputs);
}
