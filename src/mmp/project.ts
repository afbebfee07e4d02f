/**
 * Concatenation and projection (Eq. 5 and 6): the refined features of all sources become the tokens
 * of the masked modality.
 *
 *   Z_m = [slot of each other modality, zeros where it is not available]    [B, N_m, (M−1)·d]
 *   T̂_m = W_2·GELU(Z_m·W_1 + b_1) + b_2                                     [B, N_m, d_m]
 *
 * D2: fixed slots in declared order. D3: a linear layer over the token axis where counts differ.
 * D4: hidden width d by default, erf GELU; then d → d_m where they differ.
 */
import { gelu } from '../tensor/activations.js';
import type { Attended } from '../tensor/crossAttention.js';
import { addLinear, linear } from '../tensor/linear.js';
import type { Parameters } from '../tensor/parameters.js';
import { expectShapes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';
import type { ModalityShape } from '../models/base.js';
import { refinedTokens, type ResolvedConfig } from './config.js';

/** Declares the token-count layers of target m (D3), its two-layer projection, and d → d_m. */
export function addProject(
  parameters: Parameters,
  config: ResolvedConfig,
  target: ModalityShape,
): void {
  const sources = config.modalities.filter(({ name }) => name !== target.name);
  for (const source of sources) {
    const tokens = refinedTokens(config, source);
    if (tokens !== target.tokens) {
      addLinear(parameters, `resample.${source.name}.${target.name}`, tokens, target.tokens);
    }
  }
  const concatenated = sources.length * config.width;
  addLinear(parameters, `project.${target.name}.hidden`, concatenated, config.hidden);
  addLinear(parameters, `project.${target.name}.output`, config.hidden, config.width);
  if (target.width !== config.width) {
    addLinear(parameters, `restore.${target.name}`, config.width, target.width);
  }
}

/**
 * Z_m (Eq. 5).
 *
 * @param refined F_{m←i} by source i ∈ 𝒜, at least one, each [B, N_i or L, d]
 * @returns [B, N_m, (M−1)·d]
 */
export function concatenate(
  parameters: Parameters,
  config: ResolvedConfig,
  target: ModalityShape,
  refined: Readonly<Record<string, Attended>>,
): tf.Tensor {
  const slots: Record<string, tf.Tensor> = {};
  for (const [source, { output }] of Object.entries(refined)) {
    slots[source] = resample(parameters, `resample.${source}.${target.name}`, output);
  }
  const filled = Object.entries(slots).map(([source, slot]) => [source, [slot, 'B N d']] as const);
  expectShapes(`concatenate ${target.name}`, Object.fromEntries(filled));
  const others = config.modalities.filter(({ name }) => name !== target.name);
  const inOrder = others.map(({ name }) => slots[name] ?? tf.zerosLike(Object.values(slots)[0]!));
  return tf.concat(inOrder, -1);
}

/** D3: N_i → N_m on the token axis; the features themselves where the counts agree. */
function resample(parameters: Parameters, name: string, features: tf.Tensor): tf.Tensor {
  if (!parameters.has(`${name}.weight`)) return features;
  const tokensLast = tf.transpose(features, [0, 2, 1]);
  return tf.transpose(linear(parameters, name, tokensLast), [0, 2, 1]);
}

/**
 * T̂_m (Eq. 6).
 *
 * @param concatenated Z_m [B, N_m, (M−1)·d]
 * @returns [B, N_m, d_m]
 */
export function project(
  parameters: Parameters,
  target: string,
  concatenated: tf.Tensor,
): tf.Tensor {
  const hidden = gelu(linear(parameters, `project.${target}.hidden`, concatenated));
  const projected = linear(parameters, `project.${target}.output`, hidden);
  const name = `restore.${target}`;
  return parameters.has(`${name}.weight`) ? linear(parameters, name, projected) : projected;
}
