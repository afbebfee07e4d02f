/**
 * Masking: which modalities are missing. 𝒜 are the available ones and 𝒦 the masked ones; together
 * they are all modalities, and 𝒜 is never empty.
 *
 * D9: in training k ~ Uniform{0 … M−1} per iteration, then k of the M modalities uniformly.
 * D10: in testing 𝒦 is given, per batch or per sample; samples are grouped by it.
 */
import type { Stream } from '../tensor/random.js';

/** How training chooses 𝒦 (D9). */
export type MaskingPolicy =
  /** k ~ Uniform{0 … M−1}, then k of M uniformly. */
  | { readonly kind: 'uniform' }
  /** Each modality by itself with its probability; a draw that masks all is drawn again. */
  | { readonly kind: 'independent'; readonly probability: Readonly<Record<string, number>> }
  /** One of these sets 𝒦, uniformly. */
  | { readonly kind: 'scenarios'; readonly masked: readonly (readonly string[])[] };

/** 𝒜 and 𝒦, both in declared order. */
export interface Split {
  readonly available: string[];
  readonly masked: string[];
}

/**
 * Splits the declared modalities into available and masked ones.
 *
 * @throws Error when a masked name is unknown or named twice, or when nothing would be left
 */
export function splitModalities(modalities: readonly string[], masked: readonly string[]): Split {
  checkNames(modalities, masked);
  const wanted = new Set(masked);
  if (wanted.size === modalities.length) {
    throw new Error(
      `masking: every modality is missing (${masked.join(', ')}); at least one must be available`,
    );
  }
  return {
    available: modalities.filter((name) => !wanted.has(name)),
    masked: modalities.filter((name) => wanted.has(name)),
  };
}

function checkNames(modalities: readonly string[], names: readonly string[]): void {
  names.forEach((name, index) => {
    if (!modalities.includes(name)) {
      throw new Error(
        `masking: unknown modality "${name}"; the modalities are ${modalities.join(', ')}`,
      );
    }
    if (names.indexOf(name) !== index) throw new Error(`masking: "${name}" is named twice`);
  });
}

/**
 * Draws 𝒦 for one training iteration.
 *
 * @returns the masked modalities in declared order; never all of them
 * @throws Error when the policy names an unknown modality, has a probability outside [0, 1], leaves
 *   nothing available, or has no scenario
 */
export function sampleMasked(
  modalities: readonly string[],
  policy: MaskingPolicy,
  random: Stream,
): string[] {
  switch (policy.kind) {
    case 'uniform': {
      const k = random.integer(modalities.length);
      return splitModalities(modalities, random.shuffled(modalities).slice(0, k)).masked;
    }
    case 'independent': {
      checkProbabilities(modalities, policy.probability);
      for (;;) {
        const masked = modalities.filter((name) => random.uniform() < policy.probability[name]!);
        if (masked.length < modalities.length) return masked;
      }
    }
    case 'scenarios': {
      if (policy.masked.length === 0) throw new Error('masking: the list of scenarios is empty');
      const sets = policy.masked.map((masked) => splitModalities(modalities, masked).masked);
      return sets[random.integer(sets.length)]!;
    }
  }
}

function checkProbabilities(
  modalities: readonly string[],
  probability: Readonly<Record<string, number>>,
): void {
  checkNames(modalities, Object.keys(probability));
  for (const name of modalities) {
    const value = probability[name];
    if (value === undefined || !(value >= 0 && value <= 1)) {
      throw new Error(`masking: the probability of "${name}" must be in [0, 1], got ${value}`);
    }
  }
  if (modalities.every((name) => probability[name] === 1)) {
    throw new Error('masking: with probability 1 everywhere every modality is missing');
  }
}

/** Samples of a batch that miss the same modalities. */
export interface MaskGroup {
  readonly masked: string[];
  /** Their places in the batch, ascending. */
  readonly samples: number[];
}

/**
 * Groups the samples of a batch by their 𝒦 (D10).
 *
 * @param missing per sample, the modalities it lacks
 */
export function groupByMasked(
  modalities: readonly string[],
  missing: readonly (readonly string[])[],
): MaskGroup[] {
  const groups = new Map<string, MaskGroup>();
  missing.forEach((names, sample) => {
    const { masked } = splitModalities(modalities, names);
    const key = masked.join('\n');
    const group = groups.get(key) ?? { masked, samples: [] };
    group.samples.push(sample);
    groups.set(key, group);
  });
  return [...groups.values()];
}
