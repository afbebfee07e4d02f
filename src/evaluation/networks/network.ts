/** What the verification has to know of a base network; one file here for each. */
import type { StoredTensor } from '../../files/safetensors.js';
import type { tf } from '../../tensor/tf.js';
import type { NetworkCase } from './folder.js';

/** What a network made of a case, and what it should be, under the same names. */
export interface Outputs {
  /** The caller disposes of them. */
  readonly made: Readonly<Record<string, tf.Tensor>>;
  readonly expected: ReadonlyMap<string, StoredTensor>;
}

export interface VerifiedNetwork {
  readonly name: string;
  /** Whether a configuration is meant for this network, be it right or wrong */
  recognises(config: NetworkCase['config']): boolean;
  /**
   * Computes the case on the current backend with the weights of its model.
   *
   * @throws Error naming the file that does not fit, and why
   */
  run(golden: NetworkCase): Promise<Outputs>;
}
