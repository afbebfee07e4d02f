/** The parameters of MulT: names, shapes and PyTorch's initial values, in the order in which they are used. */
import { addLayerNorm } from '../../tensor/layerNorm.js';
import { addLinear } from '../../tensor/linear.js';
import { declaredShapes, uniform, type Declarations } from '../../tensor/parameters.js';
import { memoryLayersOf, type MultConfig } from './config.js';
import { crossModal, memoryOf } from './encoders.js';
import { sentimentModalities } from '../sentimentModalities.js';

export function declareMult(parameters: Declarations, config: MultConfig): void {
  const { width, layers, classes } = config;
  for (const name of sentimentModalities) {
    const inputs = config[name].kernel * config[name].features;
    parameters.add(`embed.${name}.weight`, [inputs, width], ofInputs(inputs));
  }
  for (const { name } of crossModal) declareEncoder(parameters, name, width, layers);
  for (const name of sentimentModalities) {
    declareEncoder(parameters, memoryOf(name), 2 * width, memoryLayersOf(config));
  }
  const pooled = 2 * width * sentimentModalities.length;
  for (const [part, outputs] of [
    ['hidden', pooled],
    ['residual', pooled],
    ['output', classes],
  ] as const) {
    parameters.add(`head.${part}.weight`, [pooled, outputs], ofInputs(pooled));
    parameters.add(`head.${part}.bias`, [outputs], ofInputs(pooled));
  }
}

function declareEncoder(
  parameters: Declarations,
  encoder: string,
  width: number,
  layers: number,
): void {
  for (let layer = 0; layer < layers; layer++) {
    const name = `${encoder}.layers.${layer}`;
    addLayerNorm(parameters, `${name}.attentionNorm`, width);
    for (const part of ['query', 'key', 'value']) {
      addLinear(parameters, `${name}.attention.${part}`, width, width, ofPacked(width));
    }
    addLinear(parameters, `${name}.attention.output`, width, width);
    addLayerNorm(parameters, `${name}.mlpNorm`, width);
    addLinear(parameters, `${name}.mlp.hidden`, width, 4 * width);
    addLinear(parameters, `${name}.mlp.output`, 4 * width, width);
  }
  addLayerNorm(parameters, `${encoder}.norm`, width);
}

/** PyTorch's for convolutions and linears */
const ofInputs = (inputs: number) => uniform(1 / Math.sqrt(inputs));

/** Glorot and Bengio's for query, key and value in one, [d, 3·d] */
const ofPacked = (width: number) => uniform(Math.sqrt(6 / (4 * width)));

/** The shape of every parameter by name; no tensor is made. */
export const multShapes = (config: MultConfig): Map<string, readonly number[]> =>
  declaredShapes((parameters) => {
    declareMult(parameters, config);
  });
