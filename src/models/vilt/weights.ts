/** Weights of ViLT as the original code and Hugging Face's library keep them, read and written. */
import type { StoredTensor } from '../../files/safetensors.js';
import { expectNames } from '../../tensor/names.js';
import {
  fromTheirs,
  sameShape,
  toTheirs,
  unpacked,
  usualLayout,
  type Found,
  type Layout,
} from '../layouts.js';
import type { ViltConfig } from './config.js';
import { classifierName, huggingFaceName, inHuggingFace, isBeside } from './names.js';
import { viltShapes } from './parameters.js';
import { resizedPositions } from './textPositions.js';
import type { Vilt } from './vilt.js';

/** What a checkpoint did not decide. */
export interface LoadedWeights {
  /** Our parameters that it has nothing for, of the head alone: they stay as they are */
  readonly kept: string[];
  /** Its tensors that were not used, of other tasks */
  readonly unused: string[];
}

/**
 * Loads a checkpoint of Hugging Face's library, with or without the prefix `vilt.`, or of the original code. The
 * text's position table is resized to the network's. The head is loaded from a classifier whose names and
 * shapes fit.
 *
 * @throws Error naming tensors that are absent, unknown or of another shape; the network is unchanged then
 */
export function loadViltWeights(
  vilt: Vilt,
  tensors: ReadonlyMap<string, StoredTensor>,
): LoadedWeights {
  const { network, classifiers, unused } = sorted(tensors, vilt.config);
  const layouts = layoutsOf(vilt.config);
  const body = layouts.filter(({ name }) => !isHead(name));
  const head = layouts.filter(({ name }) => isHead(name));
  const known = body.map(({ theirs }) => theirs);
  const named = [...network].map(([name, { source }]) => (known.includes(name) ? name : source));
  expectNames('loadViltWeights', named, known);

  const classifier = [...classifiers.values()].find((each) => fits(each, head));
  const others = [...classifiers.values()].filter((each) => each !== classifier);
  const values = new Map([
    ...body.map((layout) => [layout.name, fromTheirs('loadViltWeights', layout, network)] as const),
    ...(classifier ? head : []).map(
      (layout) => [layout.name, fromTheirs('loadViltWeights', layout, classifier!)] as const,
    ),
  ]);
  vilt.parameters.load(values, [...values.keys()]);
  return {
    kept: classifier ? [] : head.map(({ name }) => name),
    unused: [
      ...unused,
      ...others.flatMap((each) => [...each.values()].map(({ source }) => source)),
    ],
  };
}

/** The parameters of a network as Hugging Face's library reads them, the head as that of question answering. */
export async function huggingFaceWeights(vilt: Vilt): Promise<Map<string, StoredTensor>> {
  const values = await vilt.parameters.read();
  return new Map(
    layoutsOf(vilt.config).map((layout) => [
      isHead(layout.name) ? layout.theirs : `vilt.${layout.theirs}`,
      toTheirs(layout, values.get(layout.name)!.values),
    ]),
  );
}

const isHead = (name: string) => name.startsWith('head.');

function layoutsOf(config: ViltConfig): Layout[] {
  const { patch, width } = config;
  return [...viltShapes(config)].map(([name, own]) => {
    const theirs = huggingFaceName(name, config.head ?? 'mlp');
    // A convolution there: tokens, colours, rows, columns of a patch
    if (name === 'embed.image.patch.weight') {
      return { name, theirs, own, shape: [width, 3, patch, patch], axes: [2, 3, 1, 0] };
    }
    // With one more axis, that of the batch
    const batched = name === 'embed.image.class' || name === 'embed.image.position';
    if (!batched) return usualLayout(name, theirs, own);
    const shape = [1, ...own];
    return { name, theirs, own, shape, axes: shape.map((_, axis) => axis) };
  });
}

/** Whether a classifier has the tensors of the head, and no others. */
const fits = (classifier: ReadonlyMap<string, Found>, head: Layout[]) =>
  classifier.size === head.length &&
  head.every((layout) => {
    const tensor = classifier.get(layout.theirs);
    return tensor !== undefined && sameShape(layout, tensor);
  });

/** The tensors of a file: those of the network and of each classifier by Hugging Face's names, and the rest. */
function sorted(tensors: ReadonlyMap<string, StoredTensor>, { width, textLength }: ViltConfig) {
  const network = new Map<string, Found>();
  const classifiers = new Map<string, Map<string, Found>>();
  const unused: string[] = [];
  for (const [source, tensor] of tensors) {
    const name = inHuggingFace(source);
    const found = { ...tensor, source };
    const part = classifierName(name);
    if (isBeside(name)) {
      unused.push(source);
    } else if (part) {
      const others = classifiers.get(part.classifier) ?? new Map<string, Found>();
      classifiers.set(part.classifier, others.set(part.name, found));
    } else if (name.includes('.qkv.')) {
      for (const [each, third] of Object.entries(unpacked('loadViltWeights', found, width))) {
        network.set(name.replace('.qkv.', `.${each}.`), third);
      }
    } else {
      network.set(name, name === positionTable ? withRows(found, textLength, width) : found);
    }
  }
  return { network, classifiers, unused };
}

const positionTable = huggingFaceName('embed.text.position', 'mlp');

/** The text's position table with as many rows as the network has. */
function withRows(table: Found, rows: number, width: number): Found {
  const { shape, values, source } = table;
  const [from, across] = shape;
  if (shape.length !== 2 || across !== width || from === rows) return table;
  return { source, shape: [rows, width], values: resizedPositions(values, [from!, width], rows) };
}
