/**
 * Aggregated tokens (Eq. 2): L learned queries A_i read the tokens of one available modality.
 *
 *   Â_i = CA_agg,i(query A_i, key = value X̃_i)    for i ∈ 𝒜
 *
 * D8: own weights per modality. A masked modality keeps its raw parameter A_m: there is nothing
 * to read, and A_m becomes the question that Eq. 3 asks of the others.
 */
import { addCrossAttention, crossAttention, type Attended } from '../tensor/crossAttention.js';
import { addLinear, linear } from '../tensor/linear.js';
import { normal, type Parameters } from '../tensor/parameters.js';
import type { tf } from '../tensor/tf.js';
import type { ModalityShape } from '../models/base.js';
import type { ResolvedConfig } from './config.js';

/** Declares A_i [L, d] and the weights of CA_agg,i, and W_in,i where d_i ≠ d. */
export function addAggregate(
  parameters: Parameters,
  config: ResolvedConfig,
  { name, width }: ModalityShape,
): void {
  if (width !== config.width) addLinear(parameters, `input.${name}`, width, config.width);
  const questions = [config.aggregated, config.width];
  parameters.add(`aggregated.${name}`, questions, normal(config.aggregatedDeviation));
  addCrossAttention(parameters, `aggregate.${name}`, config.width, config);
}

/**
 * X̃_i: the tokens at the common width (Eq. 1).
 *
 * @param tokens T_i [B, N_i, d_i]
 * @returns [B, N_i, d]; T_i itself where d_i = d
 */
export function toCommonWidth(
  parameters: Parameters,
  modality: string,
  tokens: tf.Tensor,
): tf.Tensor {
  const name = `input.${modality}`;
  return parameters.has(`${name}.weight`) ? linear(parameters, name, tokens) : tokens;
}

/**
 * @param common X̃_i [B, N_i, d]
 * @returns Â_i [B, L, d] with its attention weights [B, H, L, N_i]
 */
export function aggregate(
  parameters: Parameters,
  config: ResolvedConfig,
  modality: string,
  common: tf.Tensor,
): Attended {
  const queries = parameters.get(`aggregated.${modality}`);
  return crossAttention(parameters, `aggregate.${modality}`, queries, common, config);
}
