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
import { expectShapes, type Axes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';
import type { ModalityShape, Tokens } from '../models/base.js';
import { refinedTokens, type ResolvedConfig } from './config.js';

/** Declares the token-count layers of target m (D3), its two-layer projection, and d → d_m. */
export function addProject(
  parameters: Parameters,
  config: ResolvedConfig,
  target: ModalityShape,
): void {
  const sources = config.modalities.filter(({ name }) => name !== target.name);
  for (const source of sources) {
    addResample(parameters, source.name, refinedTokens(config, source), target);
  }
  const concatenated = sources.length * config.width;
  addLinear(parameters, `project.${target.name}.hidden`, concatenated, config.hidden);
  addLinear(parameters, `project.${target.name}.output`, config.hidden, config.width);
  if (target.width !== config.width) {
    addLinear(parameters, `restore.${target.name}`, config.width, target.width);
  }
}

/** D3: declares the layer over the token axis from source to target where their counts differ. */
export function addResample(
  parameters: Parameters,
  source: string,
  tokens: number,
  target: ModalityShape,
): void {
  if (tokens === target.tokens) return;
  addLinear(parameters, `resample.${source}.${target.name}`, tokens, target.tokens);
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
  const slots = config.modalities
    .filter(({ name }) => name !== target.name)
    .map(({ name }) => ({ name, width: config.width }));
  const features = Object.entries(refined).map(([source, { output }]) => [source, output] as const);
  return concatenateSlots(parameters, target.name, slots, Object.fromEntries(features));
}

/**
 * Features of available modalities side by side, each in its own slot (D2), with as many tokens as the
 * target has (D3).
 *
 * @param slots every other modality in declared order, with the width of its features
 * @param features by source i ∈ 𝒜, at least one, each [B, N_i, d_i]
 * @returns [B, N_m, Σ d_i]
 */
export function concatenateSlots(
  parameters: Parameters,
  target: string,
  slots: readonly Pick<ModalityShape, 'name' | 'width'>[],
  features: Tokens,
): tf.Tensor {
  const filled = new Map<string, tf.Tensor>();
  let axes: Axes = {};
  for (const { name, width } of slots) {
    const own = features[name];
    if (!own) continue;
    const slot = resample(parameters, `resample.${name}.${target}`, own);
    axes = expectShapes(`concatenate ${target}`, { [name]: [slot, `B N ${width}`] }, axes);
    filled.set(name, slot);
  }
  const { B, N } = axes as { B: number; N: number };
  return tf.concat(
    slots.map(({ name, width }) => filled.get(name) ?? tf.fill([B, N, width], 0)),
    -1,
  );
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
