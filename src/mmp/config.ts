/** What an MMP module is made for: the modalities of its base network and its own sizes. */
import type { ModalityShape } from '../models/base.js';
import { checkModalities, checkSize } from './projector.js';

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
  checkModalities('MMP', resolved.modalities);
  for (const key of ['width', 'heads', 'hidden', 'aggregated'] as const) {
    checkSize('MMP', key, resolved[key]);
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
