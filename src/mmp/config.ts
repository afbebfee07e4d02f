/** What an MMP module is made for: the modalities of its base network and its own sizes. */
import type { ModalityShape } from '../models/base.js';

/** D1: what Eq. 4 asks with: the available modality's tokens, or the aggregated ones. */
export type RefineVariant = 'tokens' | 'aggregated';

export interface MmpConfig {
  readonly modalities: readonly ModalityShape[];
  /** d, the common width */
  readonly width: number;
  /** H */
  readonly heads: number;
  /** Width inside Eq. 6; default d (D4) */
  readonly hidden?: number;
  /** L, aggregated tokens per modality; default 8, as in the paper */
  readonly aggregated?: number;
  /** Standard deviation that the aggregated tokens A_i are drawn with; default 0.02 */
  readonly aggregatedDeviation?: number;
  /** D1; default 'tokens' */
  readonly refine?: RefineVariant;
  /** D7; default false */
  readonly residual?: boolean;
  /** D7; default false */
  readonly preNorm?: boolean;
}

/** The configuration with every default filled in. */
export type ResolvedConfig = Required<MmpConfig>;

/**
 * Fills in defaults and checks that the sizes fit together.
 *
 * @throws Error naming the key that is wrong
 */
export function resolveConfig(config: MmpConfig): ResolvedConfig {
  const resolved: ResolvedConfig = {
    hidden: config.width,
    aggregated: 8,
    aggregatedDeviation: 0.02,
    refine: 'tokens',
    residual: false,
    preNorm: false,
    ...config,
  };
  const names = resolved.modalities.map(({ name }) => name);
  if (names.length < 2) {
    throw new Error(`MMP modalities: at least two are needed, got ${names.join(', ') || 'none'}`);
  }
  if (new Set(names).size !== names.length) {
    throw new Error(`MMP modalities: names must differ, got ${names.join(', ')}`);
  }
  const sizes: [string, number][] = [
    ['width', resolved.width],
    ['heads', resolved.heads],
    ['hidden', resolved.hidden],
    ['aggregated', resolved.aggregated],
    ...resolved.modalities.flatMap(({ name, tokens, width }): [string, number][] => [
      [`tokens of ${name}`, tokens],
      [`width of ${name}`, width],
    ]),
  ];
  for (const [key, value] of sizes) {
    if (!Number.isInteger(value) || value < 1) {
      throw new Error(`MMP ${key}: must be a positive integer, got ${value}`);
    }
  }
  if (!(resolved.aggregatedDeviation > 0)) {
    throw new Error(
      `MMP aggregatedDeviation: must be positive, got ${resolved.aggregatedDeviation}`,
    );
  }
  if (resolved.width % resolved.heads !== 0) {
    throw new Error(`MMP heads: ${resolved.heads} does not divide the width ${resolved.width}`);
  }
  if (!['tokens', 'aggregated'].includes(resolved.refine)) {
    throw new Error(`MMP refine: must be 'tokens' or 'aggregated', got '${resolved.refine}'`);
  }
  return resolved;
}

/** The tokens that Eq. 4 yields for source i: N_i, or L with `'aggregated'`. */
export function refinedTokens(config: ResolvedConfig, source: ModalityShape): number {
  return config.refine === 'tokens' ? source.tokens : config.aggregated;
}
