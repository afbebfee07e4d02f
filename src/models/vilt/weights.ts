/** Weights of ViLT as the original code and Hugging Face's library keep them, read and written. */
import type { StoredTensor } from '../../files/safetensors.js';
import { expectNames } from '../../tensor/names.js';
import { inverse, permute } from '../../tensor/permute.js';
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

/** Where a parameter of ours lies elsewhere: under which name, in which shape, with its axes in which order */
interface Layout {
  readonly name: string;
  readonly theirs: string;
  readonly shape: readonly number[];
  /** The axes of `shape` in our order, before axes of one are dropped: a shape of as many values as `own` */
  readonly axes: readonly number[];
  readonly own: readonly number[];
}

/** A tensor under its name in Hugging Face's layout, and what the file calls it */
interface Found extends StoredTensor {
  readonly source: string;
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
    ...body.map((layout) => [layout.name, fromTheirs(layout, network)] as const),
    ...(classifier ? head : []).map(
      (layout) => [layout.name, fromTheirs(layout, classifier!)] as const,
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
    layoutsOf(vilt.config).map(({ name, theirs, shape, axes }) => {
      const permuted = axes.map((axis) => shape[axis]!);
      const stored = permute(values.get(name)!.values, permuted, inverse(axes));
      return [isHead(name) ? theirs : `vilt.${theirs}`, { shape, values: stored }];
    }),
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
    if (name.endsWith('.weight') && own.length === 2) {
      return { name, theirs, own, shape: [own[1]!, own[0]!], axes: [1, 0] };
    }
    // With one more axis, that of the batch
    const batched = name === 'embed.image.class' || name === 'embed.image.position';
    const shape = batched ? [1, ...own] : own;
    return { name, theirs, own, shape, axes: shape.map((_, axis) => axis) };
  });
}

/** What a file has for the parameter of a layout. */
function fromTheirs(layout: Layout, tensors: ReadonlyMap<string, Found>) {
  const { source, shape, values } = tensors.get(layout.theirs)!;
  if (!sameShape(layout, { shape })) {
    throw new Error(
      `loadViltWeights: "${source}" must be [${layout.shape.join(', ')}], got [${shape.join(', ')}]`,
    );
  }
  return { shape: layout.own, values: permute(values, shape, layout.axes) };
}

const sameShape = (layout: Layout, { shape }: Pick<Found, 'shape'>) =>
  layout.shape.join() === shape.join();

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
      for (const [each, third] of thirds(name, found, width)) network.set(each, third);
    } else {
      network.set(name, name === positionTable ? withRows(found, textLength, width) : found);
    }
  }
  return { network, classifiers, unused };
}

/** Query, key and value [d, ..] out of one tensor [3·d, ..]. */
function thirds(name: string, { source, shape, values }: Found, width: number): [string, Found][] {
  if (shape[0] !== 3 * width) {
    throw new Error(
      `loadViltWeights: "${source}" must have ${3 * width} rows, got [${shape.join(', ')}]`,
    );
  }
  const size = values.length / 3;
  return ['query', 'key', 'value'].map((part, index) => [
    name.replace('.qkv.', `.${part}.`),
    {
      source,
      shape: [width, ...shape.slice(1)],
      values: values.subarray(index * size, (index + 1) * size),
    },
  ]);
}

const positionTable = huggingFaceName('embed.text.position', 'mlp');

/** The text's position table with as many rows as the network has. */
function withRows(table: Found, rows: number, width: number): Found {
  const { shape, values, source } = table;
  const [from, across] = shape;
  if (shape.length !== 2 || across !== width || from === rows) return table;
  return { source, shape: [rows, width], values: resizedPositions(values, [from!, width], rows) };
}
