/** What a MulT is like. */
import { sentimentModalities, type SentimentModality } from '../sentimentModalities.js';

/** What one modality's features are, and how they become tokens. */
export interface SequenceConfig {
  /** T, time steps; the network takes any number, and MMP counts on this one */
  readonly length: number;
  /** F, features of a time step */
  readonly features: number;
  /** k, time steps of a convolution's window; there are T − k + 1 tokens */
  readonly kernel: number;
}

/** Rates of dropout, each in [0, 1) */
export interface MultDropout {
  /** Of the text's features */
  readonly textFeatures: number;
  /** Of a cross-modal encoder's attention weights, by the modality that it reads */
  readonly attention: Readonly<Record<SentimentModality, number>>;
  /** Of a memory encoder's attention weights */
  readonly memoryAttention: number;
  /** Of the scaled tokens that an encoder starts from: queries, keys and values, each by themselves */
  readonly embedding: number;
  /** Of the hidden values of an encoder's MLPs */
  readonly hidden: number;
  /** Of what a layer adds to its tokens, by attention and by its MLP */
  readonly residual: number;
  /** Of the hidden values of the head */
  readonly head: number;
}

export interface MultConfig extends Readonly<Record<SentimentModality, SequenceConfig>> {
  /** d of the tokens; what has passed two cross-modal encoders is twice as wide */
  readonly width: number;
  /** H of every encoder */
  readonly heads: number;
  /** Layers of a cross-modal encoder; a memory encoder has at least three */
  readonly layers: number;
  /** C; 1 is a regression */
  readonly classes: number;
  /** Whether nothing attends to the future; true by default */
  readonly masked?: boolean;
  /** Whether encoders add the original's sinusoidal positions; MMSA's do not, and neither does the default. */
  readonly positions?: boolean;
  /** In training alone; none by default */
  readonly dropout?: MultDropout;
}

/** MMSA's for CMU-MOSI, not aligned, a regression */
export const multMosi = {
  text: { length: 50, features: 768, kernel: 5 },
  audio: { length: 375, features: 5, kernel: 5 },
  vision: { length: 500, features: 20, kernel: 5 },
  width: 50,
  heads: 10,
  layers: 4,
  classes: 1,
  dropout: {
    textFeatures: 0.5,
    attention: { text: 0.3, audio: 0.2, vision: 0 },
    memoryAttention: 0.3,
    embedding: 0.2,
    hidden: 0,
    residual: 0,
    head: 0.5,
  },
} as const satisfies MultConfig;

export const memoryLayersOf = ({ layers }: MultConfig): number => Math.max(layers, 3);

/** @throws Error naming the sizes and rates that are wrong or do not go together */
export function checkMultConfig(config: MultConfig): void {
  const { width, heads, layers, classes } = config;
  const sequences = sentimentModalities.flatMap((name) =>
    Object.entries(config[name]).map(([key, size]) => [`${name}.${key}`, size as number] as const),
  );
  for (const [key, size] of [...sequences, ...Object.entries({ width, heads, layers, classes })]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new Error(`Mult: ${key} must be a positive integer, got ${size}`);
    }
  }
  for (const name of sentimentModalities) {
    const { length, kernel } = config[name];
    if (kernel > length) {
      throw new Error(`Mult: ${name}.kernel ${kernel} is longer than ${name}.length ${length}`);
    }
  }
  if (width % heads !== 0) throw new Error(`Mult: heads ${heads} do not divide width ${width}`);
  if (config.positions && width < 4) {
    throw new Error(`Mult: positions need a width of at least 4, got ${width}`);
  }
  if (config.dropout) checkDropout(config.dropout);
}

function checkDropout({ attention, ...others }: MultDropout): void {
  const ofAttention = sentimentModalities.map(
    (name) => [`attention.${name}`, attention[name]] as const,
  );
  for (const [key, rate] of [...Object.entries(others), ...ofAttention]) {
    if (!(rate >= 0 && rate < 1)) {
      throw new Error(`Mult: dropout.${key} must be at least 0 and below 1, got ${rate}`);
    }
  }
}
