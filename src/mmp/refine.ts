/**
 * Refinement (Eq. 4): what the pair found out is brought together with the available modality's
 * full tokens. The paper can be read in two ways (D1):
 *
 *   refine 'tokens'      F_{m←i} = CA_ref,m(query X̃_i, key = value R_{m←i})   [B, N_i, d]
 *   refine 'aggregated'  F_{m←i} = CA_ref,m(query R_{m←i}, key = value X̃_i)   [B, L, d]
 *
 * 'tokens' is the default: it keeps spatial detail, and it allows other token counts in testing than
 * in training. D8: one set of weights per target m.
 */
import { addCrossAttention, crossAttention, type Attended } from '../tensor/crossAttention.js';
import type { Parameters } from '../tensor/parameters.js';
import type { tf } from '../tensor/tf.js';
import type { ResolvedConfig } from './config.js';

export function addRefine(parameters: Parameters, config: ResolvedConfig, target: string): void {
  addCrossAttention(parameters, `refine.${target}`, config.width, config);
}

/**
 * @param related R_{m←i} [B, L, d]
 * @param common X̃_i [B, N_i, d]
 * @returns F_{m←i} [B, N_i, d] or [B, L, d] with its attention weights
 */
export function refine(
  parameters: Parameters,
  config: ResolvedConfig,
  target: string,
  related: tf.Tensor,
  common: tf.Tensor,
): Attended {
  const name = `refine.${target}`;
  return config.refine === 'tokens'
    ? crossAttention(parameters, name, common, related, config)
    : crossAttention(parameters, name, related, common, config);
}
