/**
 * Tokens with nothing missing: T̂_m in the place of T_m for every masked modality. What is available
 * passes through untouched, so with 𝒦 empty the base network's output stays the same bit for bit.
 */
import { namesOf, type Tokens } from '../models/base.js';
import { takeRows } from '../tensor/rows.js';
import { tf } from '../tensor/tf.js';
import { groupByMasked } from './masking.js';
import type { Projector } from './projector.js';

export interface Completed {
  /** Of every modality: T_i of available ones, T̂_m of masked ones. */
  readonly tokens: Tokens;
  /** T̂_m of m ∈ 𝒦 */
  readonly projected: Tokens;
}

/**
 * Completes a batch whose samples all miss the same modalities.
 *
 * @param tokens T_i of every available modality; tokens of masked ones are not read
 * @param masked 𝒦
 */
export function complete(
  projector: Projector,
  tokens: Tokens,
  masked: readonly string[],
): Completed {
  if (masked.length === 0) return { tokens, projected: {} };
  const projected = projector.projectTokens(tokens, masked);
  return { tokens: { ...tokens, ...projected }, projected };
}

/**
 * Completes a batch in which every sample has its own missing modalities (D10): samples are grouped by
 * 𝒦, each group is completed, and the batch is put back in order.
 *
 * @param tokens T_m of every modality [B, N_m, d_m]; rows of samples that miss m are not read
 * @param missing per sample, the modalities it lacks
 */
export function completeEach(
  projector: Projector,
  tokens: Tokens,
  missing: readonly (readonly string[])[],
): Tokens {
  const modalities = namesOf(projector);
  const groups = groupByMasked(modalities, missing);
  const order = groups.flatMap(({ samples }) => samples);
  const back = order.map((_, sample) => order.indexOf(sample));

  const completed = groups.map(({ masked, samples }) => {
    const rows = modalities.map((name) => {
      const all = tokens[name];
      if (!all) throw new Error(`completeEach: no tokens of "${name}"`);
      if (all.shape[0] !== missing.length) {
        throw new Error(
          `completeEach: ${missing.length} samples in the missing table, ${all.shape[0]} in "${name}"`,
        );
      }
      return [name, takeRows(all, samples)] as const;
    });
    return complete(projector, Object.fromEntries(rows), masked).tokens;
  });
  return Object.fromEntries(
    modalities.map((name) => [
      name,
      takeRows(
        tf.concat(
          completed.map((group) => group[name]!),
          0,
        ),
        back,
      ),
    ]),
  );
}
