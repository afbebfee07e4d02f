/**
 * CMNeXt in the benchmark. It is described, and its weights are stored, as its reference has them, so that PyTorch
 * loads them as they are.
 */
import type { StoredTensor } from '../files/safetensors.js';
import type { BaseNetwork } from '../models/base.js';

/** Fields of a configuration of the reference; lists are by stage. */
export interface CmnextSizes {
  readonly embed_dims: readonly number[];
  readonly depths: readonly number[];
  readonly heads: readonly number[];
  /** By how much self-attention reduces the side of what it attends to */
  readonly sr_ratios: readonly number[];
  /** The first is the colour picture */
  readonly modalities: readonly string[];
  readonly decoder_dim: number;
  readonly num_classes: number;
}

/** CMNeXt on the current backend. */
export interface MeasuredCmnext {
  readonly network: BaseNetwork;
  /** Takes over weights under the reference's names */
  readonly load: (weights: ReadonlyMap<string, StoredTensor>) => void;
  /** Its weights under the reference's names */
  readonly weights: () => Promise<ReadonlyMap<string, StoredTensor>>;
}

/**
 * CMNeXt with freshly drawn parameters, and without drop path and dropout, whose draws engines do not share.
 *
 * @throws Error as long as there is no CMNeXt on TF.js
 */
export function makeCmnext({ modalities }: CmnextSizes): MeasuredCmnext {
  throw new Error(`bench: there is no CMNeXt of ${modalities.join(', ')} on TF.js yet`);
}
