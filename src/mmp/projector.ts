/** What fills in the tokens of missing modalities: MMP, or a baseline that stands in its place. */
import { namesOf, type ModalityShape, type Tokens } from '../models/base.js';
import type { Parameters } from '../tensor/parameters.js';
import { expectShapes, type Axes } from '../tensor/shapes.js';
import { splitModalities } from './masking.js';

export interface Projector {
  readonly modalities: readonly ModalityShape[];
  readonly parameters: Parameters;
  /**
   * T̂_m [B, N_m, d_m] of every masked modality.
   *
   * @param tokens T_i of every available modality; tokens of masked ones are not read
   * @param masked 𝒦
   * @throws Error when 𝒦 is wrong, or tokens of an available modality are absent or misshapen
   */
  projectTokens(tokens: Tokens, masked: readonly string[]): Tokens;
}

/**
 * Checks the modalities that a projector is made for.
 *
 * @param owner the projector on whose behalf this checks; it opens the message
 * @throws Error when there are fewer than two, names are the same, or a size is no positive integer
 */
export function checkModalities(owner: string, modalities: readonly ModalityShape[]): void {
  const names = namesOf({ modalities });
  if (names.length < 2) {
    throw new Error(
      `${owner} modalities: at least two are needed, got ${names.join(', ') || 'none'}`,
    );
  }
  if (new Set(names).size !== names.length) {
    throw new Error(`${owner} modalities: names must differ, got ${names.join(', ')}`);
  }
  for (const { name, tokens, width } of modalities) {
    checkSize(owner, `tokens of ${name}`, tokens);
    checkSize(owner, `width of ${name}`, width);
  }
}

/** @throws Error naming the key when its value is no positive integer */
export function checkSize(owner: string, key: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new Error(`${owner} ${key}: must be a positive integer, got ${value}`);
  }
}

/**
 * What there is to project, and from what.
 *
 * @param where the function on whose behalf this checks; it opens the message
 * @returns T_i [B, N_i, d_i] of i ∈ 𝒜 and the shapes of m ∈ 𝒦, both in declared order
 */
export function sourcesAndTargets(
  where: string,
  modalities: readonly ModalityShape[],
  tokens: Tokens,
  masked: readonly string[],
): { sources: Tokens; targets: ModalityShape[] } {
  const split = splitModalities(namesOf({ modalities }), masked);
  let axes: Axes = {};
  const sources = modalities
    .filter(({ name }) => split.available.includes(name))
    .map(({ name, width }) => {
      const own = tokens[name];
      if (!own) throw new Error(`${where}: no tokens of the available modality "${name}"`);
      const { B } = expectShapes(where, { [name]: [own, `B N ${width}`] }, axes);
      axes = { B };
      return [name, own] as const;
    });
  return {
    sources: Object.fromEntries(sources),
    targets: modalities.filter(({ name }) => split.masked.includes(name)),
  };
}
