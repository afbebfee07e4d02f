/** What a MulT is like. */

/** What one modality's features are, and how they become tokens. */
export interface SequenceConfig {
  /** T, time steps; the network takes any number, and MMP counts on this one */
  readonly length: number;
  /** F, features of a time step */
  readonly features: number;
  /** k, time steps of a convolution's window; there are T − k + 1 tokens */
  readonly kernel: number;
}

/** In the order of the network */
export const multModalities = ['text', 'audio', 'vision'] as const;
export type MultModality = (typeof multModalities)[number];

export interface MultConfig extends Readonly<Record<MultModality, SequenceConfig>> {
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
} as const satisfies MultConfig;

export const memoryLayersOf = ({ layers }: MultConfig): number => Math.max(layers, 3);

/** @throws Error naming the sizes that are wrong or do not go together */
export function checkMultConfig(config: MultConfig): void {
  const { width, heads, layers, classes } = config;
  const sequences = multModalities.flatMap((name) =>
    Object.entries(config[name]).map(([key, size]) => [`${name}.${key}`, size as number] as const),
  );
  for (const [key, size] of [...sequences, ...Object.entries({ width, heads, layers, classes })]) {
    if (!Number.isInteger(size) || size < 1) {
      throw new Error(`Mult: ${key} must be a positive integer, got ${size}`);
    }
  }
  for (const name of multModalities) {
    const { length, kernel } = config[name];
    if (kernel > length) {
      throw new Error(`Mult: ${name}.kernel ${kernel} is longer than ${name}.length ${length}`);
    }
  }
  if (width % heads !== 0) throw new Error(`Mult: heads ${heads} do not divide width ${width}`);
  if (config.positions && width < 4) {
    throw new Error(`Mult: positions need a width of at least 4, got ${width}`);
  }
}
