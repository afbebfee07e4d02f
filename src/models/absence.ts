/**
 * What a base network sees of a modality that is missing when nothing is projected in its place. Which one that
 * is, is always said; nobody infers it from the inputs.
 */
import type { Inputs } from './base.js';

export interface Absence {
  /** The inputs with those of missing modalities replaced. */
  inputs(inputs: Inputs, masked: readonly string[]): Inputs;
  /** Modalities of which the tokens are zero where they are missing */
  readonly zeroTokens?: readonly string[];
}
