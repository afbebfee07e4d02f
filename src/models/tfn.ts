/**
 * TFN, the tensor fusion network (Zadeh et al. 2017), as the public framework MMSA has it: the outer product of what
 * the modalities' sub-networks make, each with a one before it, and three linear layers.
 *
 *   z = [1; a] ⊗ [1; v] ⊗ [1; t]
 *   ŷ = 6·σ(W₃·relu(W₂·relu(W₁·dropout(z)))) − 3
 *
 * Kept of MMSA: audio and vision are averaged over all time steps, padding among them; range and shift of the output
 * are parameters that no optimiser changes (`isFixed`); the text has no dropout, as MMSA turns it off where an LSTM has
 * one layer. Not kept, since no result depends on it: MMSA's count of the batches that were normalised.
 */
import { isRunningStatistic } from '../tensor/batchNorm.js';
import { dropout } from '../tensor/dropout.js';
import { linear } from '../tensor/linear.js';
import {
  declaredShapes,
  Parameters,
  type Declarations,
  type Initialiser,
} from '../tensor/parameters.js';
import type { Stream } from '../tensor/random.js';
import { tf } from '../tensor/tf.js';
import type { BaseNetwork, Fused, Inputs, ModalityShape, Tokens } from './base.js';
import {
  checkSizes,
  checkSubNetworks,
  declareLinear,
  declareSubNetworks,
  modalitiesOf,
  runSubNetworks,
  withOnes,
  type SubNetworksConfig,
} from './subNetworks.js';

export interface TfnConfig extends SubNetworksConfig {
  readonly fused: {
    /** Of the layers behind the outer product */
    readonly width: number;
    /** The share of the outer product that training drops */
    readonly dropout: number;
  };
}

/** MMSA's for CMU-MOSI, a regression */
export const tfnMosi = {
  text: { features: 768, hidden: 128, width: 32, dropout: 0 },
  audio: { features: 5, width: 32, dropout: 0.3 },
  vision: { features: 20, width: 128, dropout: 0.3 },
  fused: { width: 64, dropout: 0.5 },
  classes: 1,
} as const satisfies TfnConfig;

/** Inputs: `text`, `audio` and `vision`, each float32 [B, T, F]. */
export class Tfn implements BaseNetwork {
  readonly modalities: readonly ModalityShape[];
  readonly parameters: Parameters;
  training?: Stream;

  /** @param seed decides every initial value */
  constructor(
    readonly config: TfnConfig,
    seed: number,
  ) {
    checkSubNetworks('Tfn', config);
    checkSizes(
      'Tfn',
      { 'fused.width': config.fused.width },
      { 'fused.dropout': config.fused.dropout },
    );
    this.modalities = modalitiesOf(config);
    this.parameters = new Parameters(seed);
    declareTfn(this.parameters, config);
  }

  isOfHead(parameter: string): boolean {
    return parameter.startsWith('head.');
  }

  isFixed(parameter: string): boolean {
    return isRunningStatistic(parameter) || parameter.startsWith('output.');
  }

  /** One token of each modality. */
  embed(inputs: Inputs): Tokens {
    return runSubNetworks('Tfn.embed', this, inputs);
  }

  fuse(tokens: Tokens): Fused {
    return { logits: this.predict(this.combine(tokens)), attention: [] };
  }

  /** The outer product of the three, [B, (1 + d_audio)·(1 + d_vision)·(1 + d_text)] */
  combine(tokens: Tokens): tf.Tensor {
    const { text, audio, vision } = withOnes('Tfn.fuse', this, tokens);
    return outer(outer(audio, vision), text);
  }

  /** Everything behind the outer product. */
  predict(fused: tf.Tensor): tf.Tensor {
    const apply = (layer: number, x: tf.Tensor) =>
      linear(this.parameters, `head.layers.${layer}`, x);
    const kept = dropout(fused, this.config.fused.dropout, this.training);
    const logits = apply(2, tf.relu(apply(1, tf.relu(apply(0, kept)))));
    if (this.config.classes > 1) return logits;
    const [range, shift] = ['range', 'shift'].map((part) => this.parameters.get(`output.${part}`));
    return tf.add(tf.mul(tf.sigmoid(logits), range!), shift!);
  }
}

/** [B, p] and [B, q] → [B, p·q] */
function outer(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const [batch, p] = a.shape as [number, number];
  const q = b.shape[1]!;
  return tf.reshape(tf.mul(tf.reshape(a, [batch, p, 1]), tf.reshape(b, [batch, 1, q])), [
    batch,
    p * q,
  ]);
}

function declareTfn(parameters: Declarations, config: TfnConfig): void {
  const { text, audio, vision, fused, classes } = config;
  declareSubNetworks(parameters, config);
  const product = (1 + audio.width) * (1 + vision.width) * (1 + text.width);
  declareLinear(parameters, 'head.layers.0', product, fused.width);
  declareLinear(parameters, 'head.layers.1', fused.width, fused.width);
  declareLinear(parameters, 'head.layers.2', fused.width, classes);
  parameters.add('output.range', [1], single(6));
  parameters.add('output.shift', [1], single(-3));
}

const single =
  (value: number): Initialiser =>
  () =>
    Float32Array.of(value);

/** The shape of every parameter by name; no tensor is made. */
export const tfnShapes = (config: TfnConfig): Map<string, readonly number[]> =>
  declaredShapes((parameters) => {
    declareTfn(parameters, config);
  });
