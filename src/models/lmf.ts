/**
 * LMF, low-rank multimodal fusion (Liu et al. 2018), as the public framework MMSA has it: TFN's outer product with
 * weights that are a sum of R products of one vector per modality, so that it is never made.
 *
 *   z_r = (F_r^audio·[1; a]) ⊙ (F_r^vision·[1; v]) ⊙ (F_r^text·[1; t])      [C] for r = 1 … R
 *   ŷ = Σ_r w_r·z_r + b
 *
 * Kept of MMSA: audio and vision are averaged over all time steps, padding among them; w and b stay as they begin,
 * because its optimiser passes them over (`isFixed`); the text has no dropout, as MMSA turns it off where an LSTM has
 * one layer; nothing is dropped behind the fusion, for which MMSA has a rate that it does not use; the output has no
 * bounds. Not kept, since no result depends on it: MMSA's count of the batches that were normalised.
 */
import { isRunningStatistic } from '../tensor/batchNorm.js';
import {
  declaredShapes,
  normal,
  Parameters,
  zeros,
  type Declarations,
} from '../tensor/parameters.js';
import type { Stream } from '../tensor/random.js';
import { tf } from '../tensor/tf.js';
import type { BaseNetwork, Fused, Inputs, ModalityShape, Tokens } from './base.js';
import {
  checkSizes,
  checkSubNetworks,
  declareSubNetworks,
  modalitiesOf,
  runSubNetworks,
  withOnes,
  type SubNetworksConfig,
} from './subNetworks.js';
import { sentimentModalities } from './sentimentModalities.js';

export interface LmfConfig extends SubNetworksConfig {
  /** R */
  readonly rank: number;
}

/** MMSA's for CMU-MOSI, a regression */
export const lmfMosi = {
  text: { features: 768, hidden: 128, width: 64, dropout: 0 },
  audio: { features: 5, width: 16, dropout: 0.3 },
  vision: { features: 20, width: 128, dropout: 0.3 },
  rank: 3,
  classes: 1,
} as const satisfies LmfConfig;

/** Inputs: `text`, `audio` and `vision`, each float32 [B, T, F]. */
export class Lmf implements BaseNetwork {
  readonly modalities: readonly ModalityShape[];
  readonly parameters: Parameters;
  training?: Stream;

  /** @param seed decides every initial value */
  constructor(
    readonly config: LmfConfig,
    seed: number,
  ) {
    checkSubNetworks('Lmf', config);
    checkSizes('Lmf', { rank: config.rank }, {});
    this.modalities = modalitiesOf(config);
    this.parameters = new Parameters(seed);
    declareLmf(this.parameters, config);
  }

  isFixed(parameter: string): boolean {
    return isRunningStatistic(parameter) || /^fusion\.(weights|bias)$/.test(parameter);
  }

  /** One token of each modality. */
  embed(inputs: Inputs): Tokens {
    return runSubNetworks('Lmf.embed', this, inputs);
  }

  fuse(tokens: Tokens): Fused {
    return { logits: this.predict(this.combine(tokens)), attention: [] };
  }

  /** z of every r, [B, R, C] */
  combine(tokens: Tokens): tf.Tensor {
    const { rank, classes } = this.config;
    const vectors = withOnes('Lmf.fuse', this, tokens);
    const [text, audio, vision] = sentimentModalities.map((name) => {
      const inputs = vectors[name].shape[1]!;
      const factors = tf.transpose(this.parameters.get(`fusion.${name}`), [1, 0, 2]);
      return tf.matMul(vectors[name], tf.reshape(factors, [inputs, rank * classes]));
    }) as [tf.Tensor, tf.Tensor, tf.Tensor];
    return tf.reshape(tf.mul(tf.mul(audio, vision), text), [-1, rank, classes]);
  }

  /** The weighted sum over r. */
  predict(fused: tf.Tensor): tf.Tensor {
    const { parameters } = this;
    const weights = tf.reshape(parameters.get('fusion.weights'), [this.config.rank, 1]);
    return tf.add(tf.sum(tf.mul(fused, weights), 1), parameters.get('fusion.bias'));
  }
}

/** Initial values are MMSA's: Xavier's normal distribution, with what PyTorch takes for inputs and outputs. */
function declareLmf(parameters: Declarations, config: LmfConfig): void {
  const { rank, classes } = config;
  declareSubNetworks(parameters, config);
  for (const name of sentimentModalities) {
    const inputs = 1 + config[name].width;
    const initial = normal(Math.sqrt(2 / ((inputs + rank) * classes)));
    parameters.add(`fusion.${name}`, [rank, inputs, classes], initial);
  }
  parameters.add('fusion.weights', [1, rank], normal(Math.sqrt(2 / (1 + rank))));
  parameters.add('fusion.bias', [1, classes], zeros);
}

/** The shape of every parameter by name; no tensor is made. */
export const lmfShapes = (config: LmfConfig): Map<string, readonly number[]> =>
  declaredShapes((parameters) => {
    declareLmf(parameters, config);
  });
