/** The parameters of CMNeXt: names, shapes, and the initial values of the public code. */
import { addBatchNorm } from '../../tensor/batchNorm.js';
import { addConvolution, addDepthwise } from '../../tensor/convolution.js';
import { addLayerNorm } from '../../tensor/layerNorm.js';
import {
  constant,
  declaredShapes,
  normal,
  uniform,
  zeros,
  type Declarations,
} from '../../tensor/parameters.js';
import type { CmnextConfig } from './config.js';
import { cmnextLayers, type Layer } from './layers.js';

export function declareCmnext(parameters: Declarations, config: CmnextConfig): void {
  for (const layer of cmnextLayers(config)) declare(parameters, layer);
}

function declare(parameters: Declarations, layer: Layer): void {
  const { name } = layer;
  switch (layer.kind) {
    case 'linear':
    case 'pointwise':
    case 'patches': {
      const { inputs, outputs, size, bias } = layer;
      const initial = layer.kind === 'linear' ? ofLinears : ofConvolutions(size, outputs);
      parameters.add(`${name}.weight`, [size * size * inputs, outputs], initial);
      if (bias) parameters.add(`${name}.bias`, [outputs], zeros);
      break;
    }
    case 'convolution':
      addConvolution(parameters, name, layer, ofConvolutions(layer.size, layer.outputs));
      break;
    case 'depthwise':
      addDepthwise(parameters, name, layer, ofConvolutions(layer.size, layer.width));
      break;
    case 'layerNorm':
      addLayerNorm(parameters, name, layer.width);
      break;
    case 'batchNorm':
      addBatchNorm(parameters, name, layer.width);
      break;
    case 'scale':
      parameters.add(name, [layer.width], constant(1e-2));
      break;
    case 'overChannels':
      // The public code leaves PyTorch's own values to it, of three inputs.
      parameters.add(`${name}.weight`, [3, 1], uniform(1 / Math.sqrt(3)));
  }
}

/** Cut off at ±2 in the public code, a hundred standard deviations away */
const ofLinears = normal(0.02);

/** By the window and the outputs, also where these are in groups */
const ofConvolutions = (size: number, outputs: number) =>
  normal(Math.sqrt(2 / (size * size * outputs)));

/** The shape of every parameter by name; no tensor is made. */
export const cmnextShapes = (config: CmnextConfig): Map<string, readonly number[]> =>
  declaredShapes((parameters) => {
    declareCmnext(parameters, config);
  });
