/** Weights of CMNeXt as the public code keeps them, read and written, and those of its trunk from ImageNet. */
import type { StoredTensor } from '../../files/safetensors.js';
import { expectNames } from '../../tensor/names.js';
import { fromTheirs, toTheirs, usualLayout, type Found, type Layout } from '../layouts.js';
import type { Cmnext } from './cmnext.js';
import { auxiliaryOf, type CmnextConfig } from './config.js';
import { cmnextLayers, type Layer } from './layers.js';
import { cmnextShapes } from './parameters.js';

/** What a file of weights of the trunk did not decide, or does not have. */
export interface LoadedTrunk {
  /** Parameters of the trunk that it has nothing for: they stay as they are */
  readonly kept: string[];
  /** Its tensors that were not used, such as a classifier and blocks beyond the trunk's */
  readonly unused: string[];
}

/**
 * Loads a state dict of the public code. Its counts of batches are passed over.
 *
 * @throws Error naming tensors that are absent, unknown or of another shape, or when a network of several auxiliary
 *   modalities leaves open whether it has the slip of layouts, as weights of that code need; the network is unchanged
 *   then
 */
export function loadCmnextWeights(
  cmnext: Cmnext,
  tensors: ReadonlyMap<string, StoredTensor>,
): void {
  const where = 'loadCmnextWeights';
  if (auxiliaryOf(cmnext.config).length > 1 && cmnext.config.layoutSlip === undefined) {
    throw new Error(
      `${where}: layoutSlip must be true for weights of the public code and false for others, got undefined`,
    );
  }
  const layouts = layoutsOf(cmnext.config);
  const found = withSources(tensors);
  expectNames(
    where,
    found.keys(),
    layouts.map(({ theirs }) => theirs),
  );
  cmnext.parameters.load(
    new Map(layouts.map((layout) => [layout.name, fromTheirs(where, layout, found)])),
  );
}

/** The parameters of a network as the public code reads them. */
export async function deliverWeights(cmnext: Cmnext): Promise<Map<string, StoredTensor>> {
  const values = await cmnext.parameters.read();
  return new Map(
    layoutsOf(cmnext.config).map((layout) => [
      layout.theirs,
      toTheirs(layout, values.get(layout.name)!.values),
    ]),
  );
}

/**
 * Loads a Mix Transformer of SegFormer, as it comes from ImageNet, into the trunk; nothing else has such weights.
 *
 * @param tensors by its names, `patch_embed1.proj.weight`, with or without the prefix `backbone.`
 * @throws Error naming tensors of another shape, or when none is of the trunk; the network is unchanged then
 */
export function loadTrunkWeights(
  cmnext: Cmnext,
  tensors: ReadonlyMap<string, StoredTensor>,
): LoadedTrunk {
  const where = 'loadTrunkWeights';
  const trunk = layoutsOf(cmnext.config).filter(({ name }) => name.startsWith('trunk.'));
  const found = new Map(
    [...withSources(tensors)].map(([name, tensor]) => [
      name.startsWith('backbone.') ? name : `backbone.${name}`,
      tensor,
    ]),
  );
  const known = new Set(trunk.map(({ theirs }) => theirs));
  const loaded = trunk.filter(({ theirs }) => found.has(theirs));
  if (loaded.length === 0) {
    const names = [...tensors.keys()].slice(0, 3).join(', ');
    throw new Error(`${where}: no tensor of the trunk, such as patch_embed1.proj.weight: ${names}`);
  }
  const values = loaded.map((layout) => [layout.name, fromTheirs(where, layout, found)] as const);
  cmnext.parameters.load(
    new Map(values),
    loaded.map(({ name }) => name),
  );
  return {
    kept: trunk.filter(({ theirs }) => !found.has(theirs)).map(({ name }) => name),
    unused: [...found].filter(([name]) => !known.has(name)).map(([, { source }]) => source),
  };
}

/** Tensors under their names, but for the counts of batches, which PyTorch keeps beside running statistics. */
const withSources = (tensors: ReadonlyMap<string, StoredTensor>): Map<string, Found> =>
  new Map(
    [...tensors]
      .filter(([name]) => !name.endsWith('.num_batches_tracked'))
      .map(([source, tensor]) => [source, { ...tensor, source }]),
  );

const kinds: Readonly<Record<string, string>> = {
  runningMean: 'running_mean',
  runningVariance: 'running_var',
};

function layoutsOf(config: CmnextConfig): Layout[] {
  const shapes = [...cmnextShapes(config)];
  const layers = new Map(cmnextLayers(config).map((layer) => [layer.name, layer]));
  return shapes.map(([name, own]) => {
    const whole = layers.get(name);
    if (whole) return usualLayout(name, whole.theirs, own);
    const [, of, kind] = /^(.*)\.(\w+)$/.exec(name) as unknown as [string, string, string];
    const layer = layers.get(of)!;
    const theirs = `${layer.theirs}.${kinds[kind] ?? kind}`;
    const usual = usualLayout(name, theirs, own);
    return kind === 'weight' ? { ...usual, ...weightLayout(layer, own) } : usual;
  });
}

/** Where convolutions differ: outputs, inputs, rows, columns there */
function weightLayout(layer: Layer, own: readonly number[]): Partial<Layout> {
  switch (layer.kind) {
    case 'pointwise':
    case 'patches':
    case 'convolution': {
      const { inputs, outputs, size } = layer;
      return { shape: [outputs, inputs, size, size], axes: [2, 3, 1, 0] };
    }
    case 'depthwise':
      return { shape: [layer.width, 1, layer.size, layer.size], axes: [2, 3, 0, 1] };
    case 'overChannels':
      return { shape: [1, 1, own[0]!], axes: [2, 1, 0] };
    default:
      return {};
  }
}
