/** Weights of TFN and LMF as MMSA keeps them, read and written. */
import type { StoredTensor } from '../files/safetensors.js';
import { expectNames } from '../tensor/names.js';
import type { Parameters } from '../tensor/parameters.js';
import { fromTheirs, toTheirs, usualLayout, type Layout } from './layouts.js';
import { lmfShapes, type Lmf } from './lmf.js';
import { tfnShapes, type Tfn } from './tfn.js';

type Shapes = ReadonlyMap<string, readonly number[]>;
type Weights = ReadonlyMap<string, StoredTensor>;

/**
 * Loads a state dict of MMSA's TFN, be it of the network alone or, as MMSA's training saves it, of what is around it.
 * Counts of batches, which are no weights, are passed over.
 *
 * @throws Error naming tensors that are absent, unknown or of another shape; the network is unchanged then
 */
export function loadTfnWeights(tfn: Tfn, tensors: Weights): void {
  load('loadTfnWeights', tfn.parameters, tfnShapes(tfn.config), tensors);
}

/**
 * Loads a state dict of MMSA's LMF, as `loadTfnWeights` does.
 *
 * @throws Error naming tensors that are absent, unknown or of another shape; the network is unchanged then
 */
export function loadLmfWeights(lmf: Lmf, tensors: Weights): void {
  load('loadLmfWeights', lmf.parameters, lmfShapes(lmf.config), tensors);
}

/** The parameters of a TFN as MMSA reads them, but for its counts of batches. */
export const mmsaTfnWeights = (tfn: Tfn) => written(tfn.parameters, tfnShapes(tfn.config));

/** The parameters of an LMF as MMSA reads them, but for its counts of batches. */
export const mmsaLmfWeights = (lmf: Lmf) => written(lmf.parameters, lmfShapes(lmf.config));

function load(where: string, parameters: Parameters, shapes: Shapes, tensors: Weights): void {
  const layouts = layoutsOf(shapes);
  const found = new Map(
    [...tensors]
      .filter(([source]) => !source.endsWith('.num_batches_tracked'))
      .map(([source, tensor]) => [source.replace(/^Model\./, ''), { ...tensor, source }]),
  );
  expectNames(
    where,
    found.keys(),
    layouts.map(({ theirs }) => theirs),
  );
  parameters.load(
    new Map(layouts.map((layout) => [layout.name, fromTheirs(where, layout, found)])),
  );
}

async function written(parameters: Parameters, shapes: Shapes) {
  const values = await parameters.read();
  return new Map(
    layoutsOf(shapes).map((layout) => [
      layout.theirs,
      toTheirs(layout, values.get(layout.name)!.values),
    ]),
  );
}

const layoutsOf = (shapes: Shapes): Layout[] =>
  [...shapes].map(([name, own]) => usualLayout(name, mmsaName(name), own));

/** MMSA's name of a parameter of ours. */
const mmsaName = (name: string): string =>
  renamed.reduce((known, [pattern, replacement]) => known.replace(pattern, replacement), name);

const words: Readonly<Record<string, string>> = {
  vision: 'video',
  input: 'ih',
  hidden: 'hh',
  runningMean: 'running_mean',
  runningVariance: 'running_var',
};
const theirs = (word: string) => words[word] ?? word;
/** MMSA counts layers from one. */
const fromOne = (layer: string) => Number(layer) + 1;

/** Our names, and what MMSA has instead. */
const renamed: readonly [RegExp, (...found: [string, string, string]) => string][] = [
  [
    /^embed\.(\w+)\.layers\.(\d)/,
    (_, name, layer) => `${theirs(name)}_subnet.linear_${fromOne(layer)}`,
  ],
  [/^embed\.(\w+)\.norm\.(\w+)$/, (_, name, part) => `${theirs(name)}_subnet.norm.${theirs(part)}`],
  [/^embed\.text\.lstm\.(\w+)\.(\w+)$/, (_, part, kind) => textLstm(kind, theirs(part))],
  [/^embed\.text\.output/, () => 'text_subnet.linear_1'],
  [/^head\.layers\.(\d)/, (_, layer) => `post_fusion_layer_${fromOne(layer)}`],
  [/^output\.(\w+)$/, (_, part) => `output_${part}`],
  [/^fusion\.(weights|bias)$/, (_, part) => `fusion_${part}`],
  [/^fusion\.(\w+)$/, (_, name) => `${theirs(name)}_factor`],
];

const textLstm = (kind: string, part: string) => `text_subnet.rnn.${kind}_${part}_l0`;
