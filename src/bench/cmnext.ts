/**
 * CMNeXt in the benchmark. It is described, and its weights are stored, as its reference has them, so that PyTorch
 * loads them as they are.
 */
import type { StoredTensor } from '../files/safetensors.js';
import { Cmnext } from '../models/cmnext/cmnext.js';
import { cmnextFromDeliver } from '../models/cmnext/config.js';
import { deliverWeights, loadCmnextWeights } from '../models/cmnext/weights.js';

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
  /** Whether TF.js computes blocks and fusions a second time for their gradient; PyTorch keeps them in either case */
  readonly recompute?: boolean;
}

/** CMNeXt on the current backend. */
export interface MeasuredCmnext {
  readonly network: Cmnext;
  /** Takes over weights under the reference's names */
  readonly load: (weights: ReadonlyMap<string, StoredTensor>) => void;
  /** Its weights under the reference's names */
  readonly weights: () => Promise<ReadonlyMap<string, StoredTensor>>;
}

/** Of any size: each step says how its tokens lie. */
const image = { height: 64, width: 64 };

/** CMNeXt with freshly drawn parameters, and without drop path and dropout, whose draws engines do not share. */
export function makeCmnext(sizes: CmnextSizes): MeasuredCmnext {
  const { recompute = false } = sizes;
  const own = { layoutSlip: false, dropPath: 0, headDropout: 0, recompute };
  const network = new Cmnext({ ...cmnextFromDeliver({ ...sizes, ...image }), ...own }, 1);
  return {
    network,
    load: (weights) => {
      loadCmnextWeights(network, weights);
    },
    weights: () => deliverWeights(network),
  };
}
