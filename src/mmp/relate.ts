/**
 * Pairwise attention (Eq. 3): a masked modality asks each available one, separately, with its raw
 * learned tokens.
 *
 *   R_{m←i} = CA_rel,m(query A_m, key = value Â_i)    for m ∈ 𝒦, i ∈ 𝒜
 *
 * D8: one set of weights per target m, shared by its sources.
 */
import { addCrossAttention, crossAttention, type Attended } from '../tensor/crossAttention.js';
import type { Parameters } from '../tensor/parameters.js';
import type { tf } from '../tensor/tf.js';
import type { ResolvedConfig } from './config.js';

export function addRelate(parameters: Parameters, config: ResolvedConfig, target: string): void {
  addCrossAttention(parameters, `relate.${target}`, config.width, config);
}

/**
 * @param aggregated Â_i [B, L, d]
 * @returns R_{m←i} [B, L, d] with its attention weights [B, H, L, L]
 */
export function relate(
  parameters: Parameters,
  config: ResolvedConfig,
  target: string,
  aggregated: tf.Tensor,
): Attended {
  const queries = parameters.get(`aggregated.${target}`);
  return crossAttention(parameters, `relate.${target}`, queries, aggregated, config);
}
