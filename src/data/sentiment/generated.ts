/** Synthetic clips in the form of CMU-MOSI, made from a seed: the same on every machine. */
import { stream, type Stream } from '../../tensor/random.js';
import { numbered, splitNames, type SplitName } from '../dataset.js';
import {
  affectProbabilities,
  affects,
  sentimentProbabilities,
  sentimentProcesses,
  sentiments,
  vocabulary,
  type Affect,
  type Expressiveness,
  type SentimentProcess,
  type SentimentSize,
} from './process.js';
import { SequenceDataset, type FeatureSequences } from './sequences.js';
import { sentimentModalities, type SentimentModality } from '../../models/sentimentModalities.js';

/** How many clips each split has */
export type ClipCounts = Readonly<Record<SplitName, number>>;

/** Those of CMU-MOSI */
export const mosiCounts: ClipCounts = { train: 1284, validation: 229, test: 686 };

export interface GeneratedOptions {
  /** The length of sequences; those of the workbook by default */
  readonly size?: SentimentSize;
  /** Decides codebooks and clips; 1 by default */
  readonly seed?: number;
  /** Of each split; as many as CMU-MOSI has by default */
  readonly clips?: Partial<ClipCounts>;
}

/** The steps of one word in one modality. */
export interface WordSpan {
  readonly start: number;
  readonly steps: number;
}

/** Every expression of a modality by affect, −1, 0, 1: [expressions][F] */
export type Codebook = readonly (readonly Float32Array[])[];

/** Generated clips, and of them what only their maker knows. */
export class GeneratedSentiment extends SequenceDataset {
  constructor(
    /** How they were made */
    readonly process: SentimentProcess,
    readonly codebooks: Readonly<Record<SentimentModality, Codebook>>,
    /** Where each word of each sample is */
    readonly spans: Readonly<Record<SentimentModality, readonly (readonly WordSpan[])[]>>,
    data: ConstructorParameters<typeof SequenceDataset>[0],
  ) {
    super(data);
  }
}

/**
 * Makes clips. Those of a split do not depend on how many the others have.
 *
 * @throws Error when there is no such size, or a split cannot have so many clips
 */
export function generateSentiment({
  size = 'workbook',
  seed = 1,
  clips = {},
}: GeneratedOptions = {}): GeneratedSentiment {
  if (!Object.hasOwn(sentimentProcesses, size)) {
    const known = Object.keys(sentimentProcesses).join(' or ');
    throw new Error(`generateSentiment: the size must be ${known}, got ${size}`);
  }
  const process: SentimentProcess = sentimentProcesses[size];
  const counts = { ...mosiCounts, ...clips };
  for (const split of splitNames) {
    if (Number.isInteger(counts[split]) && counts[split] > 0) continue;
    throw new Error(`generateSentiment: clips.${split} must be 1, 2, …, got ${counts[split]}`);
  }
  const drawn = splitNames.map((split) => {
    const random = stream(seed, `sentiment/${split}`);
    return Array.from({ length: counts[split] }, () => drawClip(process, random));
  });
  const codebooks = byModality((name) =>
    drawCodebook(process[name], stream(seed, `sentiment/codebook/${name}`)),
  );
  const expressed = byModality((name) => {
    const writer = new SequenceWriter(process[name], codebooks[name], drawn.flat().length);
    splitNames.forEach((split, index) => {
      const random = stream(seed, `sentiment/${name}/${split}`);
      for (const clip of drawn[index]!) writer.write(clip, random);
    });
    return writer;
  });
  return new GeneratedSentiment(
    process,
    codebooks,
    byModality((name) => expressed[name].spans),
    {
      // Clips of another size or seed are others: nobody takes them for pairs.
      name: `synthetic sentiment (${size}, seed ${seed})`,
      sequences: byModality((name) => expressed[name].sequences),
      labels: Float32Array.from(drawn.flat(), ({ sentiment }) => sentiment),
      splits: numbered(counts),
    },
  );
}

function byModality<T>(make: (name: SentimentModality) => T): Record<SentimentModality, T> {
  return Object.fromEntries(sentimentModalities.map((name) => [name, make(name)])) as Record<
    SentimentModality,
    T
  >;
}

interface Clip {
  readonly sentiment: number;
  readonly words: readonly Word[];
}

interface Word {
  readonly affect: Affect;
  /** Which of the affect's words */
  readonly index: number;
}

function drawClip({ words: [least, most] }: SentimentProcess, random: Stream): Clip {
  const sentiment = sentiments[draw(sentimentProbabilities, random)]!;
  const count = least + random.integer(most - least + 1);
  const probabilities = affectProbabilities(sentiment);
  return {
    sentiment,
    words: Array.from({ length: count }, () => ({
      affect: affects[draw(probabilities, random)]!,
      index: random.integer(vocabulary),
    })),
  };
}

/** An index with its probability. */
function draw(probabilities: readonly number[], random: Stream): number {
  let left = random.uniform();
  const index = probabilities.findIndex((probability) => (left -= probability) < 0);
  return index < 0 ? probabilities.length - 1 : index;
}

function drawCodebook({ expressions, features }: Expressiveness, random: Stream): Codebook {
  return affects.map(() =>
    Array.from({ length: expressions }, () =>
      Float32Array.from({ length: features }, () => random.normal()),
    ),
  );
}

/** Expresses clip after clip in one modality. */
class SequenceWriter {
  readonly sequences: Required<FeatureSequences>;
  readonly spans: WordSpan[][] = [];

  constructor(
    private readonly ways: Expressiveness,
    private readonly codebook: Codebook,
    clips: number,
  ) {
    const { length, features } = ways;
    const values = new Float32Array(clips * length * features);
    this.sequences = { length, features, values, lengths: new Int32Array(clips) };
  }

  write(clip: Clip, random: Stream): void {
    const { steps, rests, reliability } = this.ways;
    const [least, most] = steps;
    const sample = this.spans.length;
    let step = 0;
    const words = clip.words.map(({ affect, index }): WordSpan => {
      const isShown = random.uniform() < reliability;
      const expressions = this.codebook[affects.indexOf(isShown ? affect : 0)]!;
      const shown = isShown ? index : random.integer(expressions.length);
      const expression = expressions[shown % expressions.length]!;
      const word = { start: step, steps: least + random.integer(most - least + 1) };
      for (let count = 0; count < word.steps; count++) {
        this.writeStep(sample, step++, expression, random);
      }
      if (rests) this.writeStep(sample, step++, undefined, random);
      return word;
    });
    this.spans.push(words);
    this.sequences.lengths[sample] = step;
  }

  /** An expression, or rest, under noise. Where there are rests, the first feature says which it is. */
  private writeStep(
    sample: number,
    step: number,
    expression: Float32Array | undefined,
    random: Stream,
  ): void {
    const { length, features, noise, rests } = this.ways;
    const { values } = this.sequences;
    const start = (sample * length + step) * features;
    for (let feature = 0; feature < features; feature++) {
      values[start + feature] = (expression?.[feature] ?? 0) + noise * random.normal();
    }
    if (rests) values[start] = expression ? 1 : -1;
  }
}
