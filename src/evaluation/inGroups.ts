/** Samples that each lack modalities of their own (D10), measured group by group. */
import type { Dataset } from '../data/dataset.js';
import { groupByMasked } from '../mmp/masking.js';

/**
 * Asks for the samples of each 𝒦 together, and puts the answers back in order.
 *
 * @param missing per sample, the modalities it lacks
 * @param measure answers about samples that all lack the same, one by sample
 */
export async function inGroups<Answer>(
  { modalities }: Pick<Dataset, 'modalities'>,
  samples: readonly number[],
  missing: readonly (readonly string[])[],
  measure: (samples: readonly number[], masked: readonly string[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  if (missing.length !== samples.length) {
    throw new Error(`${missing.length} samples in the missing table for ${samples.length} samples`);
  }
  const all = new Array<Answer>(samples.length);
  for (const { masked, samples: places } of groupByMasked(modalities, missing)) {
    const group = places.map((place) => samples[place]!);
    const answers = await measure(group, masked);
    places.forEach((place, index) => (all[place] = answers[index]!));
  }
  return all;
}
