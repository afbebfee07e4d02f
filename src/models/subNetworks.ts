/**
 * What TFN and LMF have in common in MMSA: each modality's sub-network, which makes one vector of it, and the one
 * that is put before that vector.
 *
 *   text            LSTM → last state → dropout → linear
 *   audio, vision   mean over time → batch normalisation → dropout → three times linear and ReLU
 */
import { addBatchNorm, batchNorm } from '../tensor/batchNorm.js';
import { dropout } from '../tensor/dropout.js';
import { linear } from '../tensor/linear.js';
import { addLstm, lstm } from '../tensor/lstm.js';
import { uniform, type Declarations } from '../tensor/parameters.js';
import { expectShapes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';
import {
  tokensInOrder,
  type BaseNetwork,
  type Inputs,
  type ModalityShape,
  type Tokens,
} from './base.js';
import { sentimentModalities, type SentimentModality } from './sentimentModalities.js';

/** What one modality's features are, and the vector that is made of them. */
interface SubNetworkConfig {
  /** F, features of a time step */
  readonly features: number;
  /** d of the vector */
  readonly width: number;
  /** The share of values that training drops */
  readonly dropout: number;
}

export interface SubNetworksConfig {
  readonly text: SubNetworkConfig & {
    /** Of the LSTM's state */
    readonly hidden: number;
  };
  readonly audio: SubNetworkConfig;
  readonly vision: SubNetworkConfig;
  /** C; 1 is a regression */
  readonly classes: number;
}

/** @throws Error naming the size or the rate that cannot be */
export function checkSizes(
  where: string,
  sizes: Readonly<Record<string, number>>,
  rates: Readonly<Record<string, number>>,
): void {
  for (const [key, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 1) {
      throw new Error(`${where}: ${key} must be a positive integer, got ${size}`);
    }
  }
  for (const [key, rate] of Object.entries(rates)) {
    if (!(rate >= 0 && rate < 1))
      throw new Error(`${where}: ${key} must be in [0, 1), got ${rate}`);
  }
}

/** @throws Error naming the size or the rate that cannot be */
export function checkSubNetworks(where: string, config: SubNetworksConfig): void {
  const { text, classes } = config;
  checkSizes(where, { 'text.hidden': text.hidden, classes }, {});
  for (const name of sentimentModalities) {
    const { features, width, dropout: rate } = config[name];
    const sizes = { [`${name}.features`]: features, [`${name}.width`]: width };
    checkSizes(where, sizes, { [`${name}.dropout`]: rate });
  }
}

/** One token of each modality */
export const modalitiesOf = (config: SubNetworksConfig): ModalityShape[] =>
  sentimentModalities.map((name) => ({ name, tokens: 1, width: config[name].width }));

/** Declares a linear map as PyTorch begins it: weights and bias uniform in ±1/√inputs. */
export function declareLinear(
  parameters: Declarations,
  name: string,
  inputs: number,
  outputs: number,
): void {
  const initial = uniform(1 / Math.sqrt(inputs));
  parameters.add(`${name}.weight`, [inputs, outputs], initial);
  parameters.add(`${name}.bias`, [outputs], initial);
}

export function declareSubNetworks(parameters: Declarations, config: SubNetworksConfig): void {
  const { features, hidden, width } = config.text;
  addLstm(parameters, 'embed.text.lstm', features, hidden);
  declareLinear(parameters, 'embed.text.output', hidden, width);
  for (const name of ['audio', 'vision'] as const) {
    const { features: inputs, width: outputs } = config[name];
    addBatchNorm(parameters, `embed.${name}.norm`, inputs);
    for (const layer of [0, 1, 2]) {
      const rows = layer === 0 ? inputs : outputs;
      declareLinear(parameters, `embed.${name}.layers.${layer}`, rows, outputs);
    }
  }
}

type Network = Pick<BaseNetwork, 'parameters' | 'training'> & {
  readonly config: SubNetworksConfig;
};

/**
 * The vectors of the modalities that are given, each a token [B, 1, d].
 *
 * @param inputs each float32 [B, T, F], of any number of steps
 */
export function runSubNetworks(where: string, network: Network, inputs: Inputs): Tokens {
  const given = sentimentModalities.filter((name) => inputs[name]);
  return Object.fromEntries(
    given.map((name) => {
      const input = inputs[name]!;
      expectShapes(where, { [name]: [input, 'B T F'] }, { F: network.config[name].features });
      const vector = name === 'text' ? ofText(network, input) : ofNumbers(network, name, input);
      return [name, tf.expandDims(vector, 1)];
    }),
  );
}

function ofText({ parameters, config, training }: Network, input: tf.Tensor): tf.Tensor {
  const state = lstm(parameters, 'embed.text.lstm', input);
  return linear(parameters, 'embed.text.output', dropout(state, config.text.dropout, training));
}

function ofNumbers(
  { parameters, config, training }: Network,
  name: 'audio' | 'vision',
  input: tf.Tensor,
): tf.Tensor {
  const normed = batchNorm(
    parameters,
    `embed.${name}.norm`,
    meanOverTime(input),
    training !== undefined,
  );
  return [0, 1, 2].reduce(
    (x, layer) => tf.relu(linear(parameters, `embed.${name}.layers.${layer}`, x)),
    dropout(normed, config[name].dropout, training),
  );
}

/** [B, T, F] → [B, F], padding and all; what is not a number becomes 0. */
function meanOverTime(input: tf.Tensor): tf.Tensor {
  const mean = tf.mean(input, 1);
  return tf.where(tf.isNaN(mean), tf.zerosLike(mean), mean);
}

/**
 * A one and behind it the vector of each modality, [B, 1 + d].
 *
 * @throws Error naming a modality that is absent, or of which there is not one token
 */
export function withOnes(
  where: string,
  network: Pick<BaseNetwork, 'modalities'>,
  tokens: Tokens,
): Record<SentimentModality, tf.Tensor> {
  const [text, audio, vision] = tokensInOrder(where, network, tokens).map((token, index) => {
    const { name, width } = network.modalities[index]!;
    const { B } = expectShapes(where, { [name]: [token, 'B 1 d'] }, { d: width });
    return tf.concat([tf.ones([B, 1]), tf.reshape(token, [B, width])], 1);
  }) as [tf.Tensor, tf.Tensor, tf.Tensor];
  return { text, audio, vision };
}
