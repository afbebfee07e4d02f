/**
 * Missing-aware prompts (Lee et al. 2023): a network that is not trained any more is told what is missing, by
 * learned tokens of which there is a set for every case: nothing, the text, the image.
 */
import type { Predictor } from '../evaluation/predictors.js';
import { splitModalities } from '../mmp/masking.js';
import type { Absence } from '../models/absence.js';
import { namesOf } from '../models/base.js';
import type { Prompts } from '../models/vilt/blocks.js';
import type { Vilt } from '../models/vilt/vilt.js';
import { Parameters, type Initialiser } from '../tensor/parameters.js';
import { tokensWithAbsence } from './modalityDropout.js';

export interface PromptsConfig {
  readonly level: Prompts['level'];
  /** Tokens of a layer, P; with 'attention' even: half are keys, half values */
  readonly length: number;
  /** The first so many blocks have prompts */
  readonly layers: number;
}

/** The set of prompts of each case, and the row in which it begins as ones and not as zeros. */
const cases: Readonly<Record<string, { name: string; row: number }>> = {
  '': { name: 'complete', row: 0 },
  image: { name: 'missing.image', row: 1 },
  text: { name: 'missing.text', row: 2 },
};

export class MissingAwarePrompts {
  /** `complete`, `missing.image` and `missing.text`, each [layers, P, d] */
  readonly parameters: Parameters;

  /** @throws Error when the base network has fewer layers, or P does not fit the level */
  constructor(
    readonly base: Vilt,
    readonly config: PromptsConfig,
    seed: number,
  ) {
    const { level, length, layers } = config;
    const { width, layers: blocks } = base.config;
    if (layers < 1 || layers > blocks) {
      throw new Error(`MissingAwarePrompts layers: must be 1 … ${blocks}, got ${layers}`);
    }
    const rows = level === 'attention' ? length / 2 : length;
    const least = Object.keys(cases).length;
    if (!Number.isInteger(rows) || rows < least) {
      const needed = { attention: `an even number from ${2 * least}`, input: `at least ${least}` };
      throw new Error(`MissingAwarePrompts length: needs ${needed[level]}, got ${length}`);
    }
    this.parameters = new Parameters(seed);
    for (const { name, row } of Object.values(cases)) {
      this.parameters.add(name, [layers, length, width], onesInRow(row, rows));
    }
  }

  /**
   * The prompts of samples that lack these modalities.
   *
   * @throws Error when a modality is unknown, or all are missing
   */
  promptsOf(masked: readonly string[]): Prompts {
    splitModalities(namesOf(this.base), masked);
    const { name } = cases[masked.join()]!;
    return { level: this.config.level, tokens: this.parameters.get(name) };
  }

  /** The base network with its prompts; of a missing modality it sees the absence. */
  predictor(absence?: Absence): Predictor {
    const { base } = this;
    return (inputs, masked) => {
      const { tokens, masks } = tokensWithAbsence(base, inputs, masked, absence);
      return base.classify(base.encode(tokens, masks, this.promptsOf(masked)).pooled);
    };
  }
}

/** Zeros, but for one row of each layer, which is ones; with keys and values apart, one of either. */
const onesInRow =
  (row: number, rows: number): Initialiser =>
  (shape) => {
    const [layers, length, width] = shape as [number, number, number];
    const values = new Float32Array(layers * length * width);
    for (let start = row; start < layers * length; start += rows) {
      values.fill(1, start * width, (start + 1) * width);
    }
    return values;
  };
