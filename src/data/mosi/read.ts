/** A file of CMU-MOSI as sequences with labels. */
import { describe, readPickle, type PickledKey, type PickledValue } from '../../files/pickle.js';
import { bySplit, numbered, splitNames } from '../dataset.js';
import { type FeatureSequences, type SequenceData } from '../sentiment/sequences.js';
import { copyNumbers, SplitFields, type Features } from './fields.js';
import { layoutKeys, mosiLayouts, splitKeys, type LayoutKeys, type MosiLayout } from './layouts.js';
import type { SentimentModality } from '../../models/sentimentModalities.js';

/** Sentiments lie between −3 and 3. */
const strongest = 3;

export interface MosiFile {
  readonly data: SequenceData;
  /** How many values of audio were −∞ and are 0 now */
  readonly negativeInfinities: number;
}

/** @throws Error naming file, split and key, what was expected and what came */
export function readMosi(file: string, layout: MosiLayout): MosiFile {
  if (!mosiLayouts.includes(layout)) {
    throw new Error(`${file}: the layout must be ${mosiLayouts.join(' or ')}, got ${layout}`);
  }
  const read = readPickle(file);
  if (!(read instanceof Map)) {
    throw new Error(`${file} must be a dict of splits, got ${describe(read)}`);
  }
  const root = read as Map<PickledKey, PickledValue>;
  const keys = layoutKeys[layout];
  const splits = bySplit((name) => {
    const fields = root.get(splitKeys[name]);
    // So that the memory of what is taken can be freed.
    root.delete(splitKeys[name]);
    return new SplitFields(`${file}: ${splitKeys[name]}`, fields, keys.labels);
  });
  const inOrder = splitNames.map((name) => splits[name]);

  const labels = Float32Array.from(inOrder.flatMap((split) => labelsOf(split, keys.labels)));
  const ids = idsOf(inOrder, keys);
  const texts = keys.texts;
  const counted = { negativeInfinities: 0 };
  const sequence = (modality: SentimentModality) => sequencesOf(inOrder, modality, keys, counted);
  return {
    data: {
      name: 'mosi',
      sequences: { text: sequence('text'), audio: sequence('audio'), vision: sequence('vision') },
      labels,
      splits: numbered(bySplit((name) => splits[name].samples)),
      ids,
      texts:
        texts === undefined
          ? undefined
          : inOrder.flatMap((split) => split.texts(texts).map(([text]) => text!)),
    },
    ...counted,
  };
}

function labelsOf(split: SplitFields, key: string): number[] {
  const labels = [...split.numbers(key)];
  const wrong = labels.findIndex((label) => !(Math.abs(label) <= strongest));
  if (wrong < 0) return labels;
  throw split.error(
    key,
    `of sample ${wrong} is ${labels[wrong]!}, expected −${strongest} to ${strongest}`,
  );
}

/** MulT's file has a clip as three parts, video, start and end; they are joined as MMSA joins video and clip. */
function idsOf(splits: readonly SplitFields[], { ids }: LayoutKeys): string[] | undefined {
  if (ids.optional && splits.every((split) => !split.has(ids.key))) return undefined;
  return splits.flatMap((split) => split.texts(ids.key).map((parts) => parts.join('$_$')));
}

function sequencesOf(
  splits: readonly SplitFields[],
  modality: SentimentModality,
  keys: LayoutKeys,
  counted: { negativeInfinities: number },
): FeatureSequences {
  const { length, features } = splits[0]!.features(modality);
  const each = length * features;
  const samples = splits.reduce((sum, split) => sum + split.samples, 0);
  const values = new Float32Array(samples * each);
  let first = 0;
  for (const split of splits) {
    const taken = split.takeFeatures(modality);
    if (taken.length !== length || taken.features !== features) {
      const expected = `[${split.samples}, ${length}, ${features}], as in ${splitKeys.train}`;
      const came = `[${split.samples}, ${taken.length}, ${taken.features}]`;
      throw split.error(modality, `must be ${expected}, got ${came}`);
    }
    const part = values.subarray(first * each, (first + split.samples) * each);
    // As float32, as the reference casts whatever the file has.
    copyNumbers(taken.values, part);
    if (modality === 'audio') counted.negativeInfinities += zeroNegativeInfinities(part);
    expectFinite(part, split, modality, taken);
    first += split.samples;
  }
  return { length, features, values, lengths: lengthsOf(splits, modality, length, keys) };
}

function zeroNegativeInfinities(values: Float32Array): number {
  let count = 0;
  for (let index = 0; index < values.length; index++) {
    if (values[index] !== -Infinity) continue;
    values[index] = 0;
    count += 1;
  }
  return count;
}

function expectFinite(
  values: Float32Array,
  split: SplitFields,
  modality: SentimentModality,
  { length, features }: Features,
): void {
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  const step = Math.floor(wrong / features);
  const place = `sample ${Math.floor(step / length)}, step ${step % length}`;
  throw split.error(modality, `holds ${values[wrong]!} at ${place}, feature ${wrong % features}`);
}

function lengthsOf(
  splits: readonly SplitFields[],
  modality: SentimentModality,
  longest: number,
  keys: LayoutKeys,
): Int32Array | undefined {
  const key = modality === 'text' ? keys.words : keys.lengths[modality];
  if (key === undefined || splits.every((split) => !split.has(key))) return undefined;
  const lengths = splits.map((split) => {
    const found = modality === 'text' ? wordsOf(split, key, longest) : split.numbers(key);
    const wrong = found.findIndex(
      (steps) => !(Number.isInteger(steps) && steps >= 0 && steps <= longest),
    );
    if (wrong < 0) return [...found];
    throw split.error(key, `of sample ${wrong} is ${found[wrong]!}, expected 0 to ${longest}`);
  });
  return Int32Array.from(lengths.flat());
}

/** How many words the mask of BERT's input has. */
function wordsOf(split: SplitFields, key: string, longest: number): Float64Array {
  const values = split.array(key, [split.samples, 3, longest]);
  return Float64Array.from({ length: split.samples }, (_, sample) => {
    let words = 0;
    for (let step = 0; step < longest; step++) {
      words += Number(values[(sample * 3 + 1) * longest + step]);
    }
    return words;
  });
}
