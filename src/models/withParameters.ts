/** A network as it is, with other values in the place of some of its parameters. */
import type { Parameters } from '../tensor/parameters.js';
import type { tf } from '../tensor/tf.js';
import type { BaseNetwork } from './base.js';

/**
 * The same network, of which every layer reads what `lookup` has for a parameter, and else the parameter itself. All
 * else is the base's own, also what is set there later, such as `training`; nothing is copied and the base does not
 * change. What `lookup` computes is computed anew whenever a layer reads it, on the tape of the gradient where there
 * is one.
 *
 * @param lookup gives, by name, a tensor of the parameter's shape, or undefined where the parameter stands
 */
export function withParameters<Network extends BaseNetwork>(
  base: Network,
  lookup: (name: string) => tf.Tensor | undefined,
): Network {
  // Layers ask for variables and read them as the tensors that they are.
  const get = (name: string) => lookup(name) ?? base.parameters.get(name);
  const parameters = Object.create(base.parameters, { get: { value: get } }) as Parameters;
  return Object.create(base, { parameters: { value: parameters } }) as Network;
}
