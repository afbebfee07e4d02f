/** The parameters of ViLT: names, shapes and initial values, in the order in which they are used. */
import { addLayerNorm } from '../../tensor/layerNorm.js';
import { addLinear } from '../../tensor/linear.js';
import { declaredShapes, normal, type Declarations } from '../../tensor/parameters.js';
import type { ViltConfig } from './config.js';

const initial = normal(0.02);

/**
 * The reference has 0.02 for linears as well, at a width of 768. A narrow network begins with maps as strong as
 * those; with 0.02 one of width 64 hardly learns.
 */
const ofLinears = (width: number) => normal(0.02 * Math.sqrt(768 / width));

export function declareVilt(parameters: Declarations, config: ViltConfig): void {
  const { vocabulary, textLength, imageSize, patch, width, layers, mlpRatio, classes } = config;
  const linear = (name: string, inputs: number, outputs: number) => {
    addLinear(parameters, name, inputs, outputs, ofLinears(width));
  };

  parameters.add('embed.text.word', [vocabulary, width], initial);
  parameters.add('embed.text.position', [textLength, width], initial);
  // BERT's two kinds of sentences, of which ViLT has only the first.
  parameters.add('embed.text.segment', [2, width], initial);
  addLayerNorm(parameters, 'embed.text.norm', width);
  parameters.add('embed.image.class', [1, width], initial);
  // The first row is the place of the class token.
  parameters.add('embed.image.position', [1 + (imageSize / patch) ** 2, width], initial);
  linear('embed.image.patch', 3 * patch ** 2, width);
  parameters.add('embed.type', [2, width], initial);

  for (let layer = 0; layer < layers; layer++) {
    const name = `blocks.${layer}`;
    addLayerNorm(parameters, `${name}.attentionNorm`, width);
    for (const part of ['query', 'key', 'value', 'output']) {
      linear(`${name}.attention.${part}`, width, width);
    }
    addLayerNorm(parameters, `${name}.mlpNorm`, width);
    linear(`${name}.mlp.hidden`, width, mlpRatio * width);
    linear(`${name}.mlp.output`, mlpRatio * width, width);
  }
  addLayerNorm(parameters, 'norm', width);
  linear('pooler', width, width);

  if (config.head === 'linear') {
    linear('head.output', width, classes);
    return;
  }
  linear('head.hidden', width, 2 * width);
  addLayerNorm(parameters, 'head.norm', 2 * width);
  linear('head.output', 2 * width, classes);
}

/** The shape of every parameter by name; no tensor is made. */
export const viltShapes = (config: ViltConfig): Map<string, readonly number[]> =>
  declaredShapes((parameters) => {
    declareVilt(parameters, config);
  });
