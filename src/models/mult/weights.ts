/** Weights of MulT as MMSA keeps them, read and written. */
import type { StoredTensor } from '../../files/safetensors.js';
import { expectNames } from '../../tensor/names.js';
import {
  fromTheirs,
  toTheirs,
  unpacked,
  usualLayout,
  type Found,
  type Layout,
} from '../layouts.js';
import type { MultConfig } from './config.js';
import type { Mult } from './mult.js';
import { fileName, isPacked, mmsaName, partName } from './names.js';
import { multShapes } from './parameters.js';
import type { SentimentModality } from '../sentimentModalities.js';

const where = 'loadMultWeights';

/**
 * Loads a state dict of MMSA. The versions of its encoders, which are no weights, are passed over.
 *
 * @throws Error naming tensors that are absent, unknown or of another shape; the network is unchanged then
 */
export function loadMultWeights(mult: Mult, tensors: ReadonlyMap<string, StoredTensor>): void {
  const layouts = layoutsOf(mult.config);
  const weights = new Map([...tensors].filter(([name]) => !name.endsWith('.version')));
  expectNames(
    where,
    weights.keys(),
    layouts.map(({ theirs }) => fileName(theirs)),
  );
  const shapes = new Map(layouts.map(({ theirs, shape }) => [theirs, shape]));
  const found = new Map<string, Found>();
  for (const [source, tensor] of weights) {
    if (isPacked(source)) {
      const [width] = shapes.get(partName(source, 'query'))!;
      for (const [part, third] of Object.entries(unpacked(where, { ...tensor, source }, width!))) {
        found.set(partName(source, part), third);
      }
    } else {
      found.set(source, { ...tensor, source });
    }
  }
  mult.parameters.load(
    new Map(layouts.map((layout) => [layout.name, fromTheirs(where, layout, found)])),
  );
}

/** The parameters of a network as MMSA reads them. */
export async function mmsaWeights(mult: Mult): Promise<Map<string, StoredTensor>> {
  const values = await mult.parameters.read();
  const written = new Map<string, StoredTensor>();
  for (const layout of layoutsOf(mult.config)) {
    const name = fileName(layout.theirs);
    const tensor = toTheirs(layout, values.get(layout.name)!.values);
    const above = written.get(name);
    written.set(name, above ? stacked(above, tensor) : tensor);
  }
  return written;
}

function layoutsOf(config: MultConfig): Layout[] {
  return [...multShapes(config)].map(([name, own]) => {
    const theirs = mmsaName(name);
    const [, modality] = /^embed\.(\w+)\./.exec(name) ?? [];
    if (!modality) return usualLayout(name, theirs, own);
    // A convolution there: tokens, features, steps of a window
    const { features, kernel } = config[modality as SentimentModality];
    return { name, theirs, own, shape: [config.width, features, kernel], axes: [2, 1, 0] };
  });
}

/** One tensor's rows and below them another's. */
function stacked(above: StoredTensor, below: StoredTensor): StoredTensor {
  const [rows, ...others] = above.shape as [number, ...number[]];
  return {
    shape: [rows + below.shape[0]!, ...others],
    values: Float32Array.from([...above.values, ...below.values]),
  };
}
