/**
 * Masked Modality Projection: the stages in the order of the equations.
 *
 *   T_i → X̃_i → Â_i (Eq. 2) → R_{m←i} (Eq. 3) → F_{m←i} (Eq. 4) → Z_m (Eq. 5) → T̂_m (Eq. 6)
 */
import type { ModalityShape, Tokens } from '../models/base.js';
import type { Attended } from '../tensor/crossAttention.js';
import { Parameters } from '../tensor/parameters.js';
import { tf } from '../tensor/tf.js';
import { addAggregate, aggregate, toCommonWidth } from './aggregate.js';
import { resolveConfig, type MmpConfig, type ResolvedConfig } from './config.js';
import { addProject, concatenate, project } from './project.js';
import { sourcesAndTargets, type Projector } from './projector.js';
import { addRefine, refine } from './refine.js';
import { addRelate, relate } from './relate.js';

/** Something per modality. */
type ByModality<T> = Record<string, T>;

/** What Eq. 3–6 make for one masked modality m. */
export interface TargetParts {
  /** By source i: R_{m←i} [B, L, d], weights [B, H, L, L] */
  readonly related: ByModality<Attended>;
  /** By source i: F_{m←i} [B, N_i, d], weights [B, H, N_i, L]; 'aggregated': [B, L, d], [B, H, L, N_i] */
  readonly refined: ByModality<Attended>;
  /** Z_m [B, N_m, (M−1)·d] */
  readonly concatenated: tf.Tensor;
  /** T̂_m [B, N_m, d_m] */
  readonly projected: tf.Tensor;
}

/** Every intermediate value of one projection, for teaching and plots. */
export interface MmpParts {
  /** By i ∈ 𝒜: Â_i [B, L, d], weights [B, H, L, N_i] */
  readonly aggregated: ByModality<Attended>;
  /** By m ∈ 𝒦 */
  readonly targets: ByModality<TargetParts>;
}

export class Mmp implements Projector {
  readonly config: ResolvedConfig;
  readonly parameters: Parameters;

  /** @param seed decides every initial value */
  constructor(config: MmpConfig, seed: number) {
    this.config = resolveConfig(config);
    this.parameters = new Parameters(seed);
    for (const modality of this.config.modalities) {
      addAggregate(this.parameters, this.config, modality);
      addRelate(this.parameters, this.config, modality.name);
      addRefine(this.parameters, this.config, modality.name);
      addProject(this.parameters, this.config, modality);
    }
  }

  get modalities(): readonly ModalityShape[] {
    return this.config.modalities;
  }

  /**
   * Projects the tokens of every masked modality from those of the available ones (Eq. 2–6).
   *
   * @param tokens T_i of every available modality; tokens of masked ones are not read
   * @param masked 𝒦
   * @throws Error when 𝒦 is wrong, or tokens of an available modality are absent or misshapen
   */
  project(tokens: Tokens, masked: readonly string[]): MmpParts {
    const { modalities } = this;
    const { sources, targets } = sourcesAndTargets('Mmp.project', modalities, tokens, masked);
    const common: ByModality<tf.Tensor> = {};
    const aggregated: ByModality<Attended> = {};
    for (const [name, own] of Object.entries(sources)) {
      const atCommonWidth = toCommonWidth(this.parameters, name, own);
      common[name] = atCommonWidth;
      aggregated[name] = aggregate(this.parameters, this.config, name, atCommonWidth);
    }
    const parts = targets.map(
      (target) => [target.name, this.projectOne(target, common, aggregated)] as const,
    );
    return { aggregated, targets: Object.fromEntries(parts) };
  }

  projectTokens(tokens: Tokens, masked: readonly string[]): Tokens {
    return projectedTokens(this.project(tokens, masked));
  }

  /** Eq. 3–6 for one m ∈ 𝒦, from X̃_i and Â_i of every i ∈ 𝒜. */
  private projectOne(
    target: ModalityShape,
    common: ByModality<tf.Tensor>,
    aggregated: ByModality<Attended>,
  ): TargetParts {
    const { parameters, config } = this;
    const m = target.name;
    const sources = Object.keys(aggregated);
    const related = atOnce(
      Object.fromEntries(sources.map((i) => [i, [aggregated[i]!.output]])),
      ([tokens]) => relate(parameters, config, m, tokens!),
    );
    const refined = atOnce(
      Object.fromEntries(sources.map((i) => [i, [related[i]!.output, common[i]!]])),
      ([relation, tokens]) => refine(parameters, config, m, relation!, tokens!),
    );
    const concatenated = concatenate(parameters, config, target, refined);
    return { related, refined, concatenated, projected: project(parameters, m, concatenated) };
  }
}

/**
 * A stage of one target applied to all its sources. They share its weights (D8), so sources whose inputs
 * have the same shapes go through it as one batch.
 */
function atOnce(
  sources: ByModality<tf.Tensor[]>,
  stage: (inputs: tf.Tensor[]) => Attended,
): ByModality<Attended> {
  const alike = new Map<string, string[]>();
  for (const [i, inputs] of Object.entries(sources)) {
    const shapes = JSON.stringify(inputs.map(({ shape }) => shape));
    alike.set(shapes, [...(alike.get(shapes) ?? []), i]);
  }
  const results: ByModality<Attended> = {};
  for (const names of alike.values()) {
    if (names.length === 1) {
      results[names[0]!] = stage(sources[names[0]!]!);
      continue;
    }
    const joined = sources[names[0]!]!.map((_, place) =>
      tf.concat(names.map((i) => sources[i]![place]!)),
    );
    const { output, weights } = stage(joined);
    const [outputs, ownWeights] = [output, weights].map((x) => tf.split(x, names.length));
    names.forEach((i, place) => {
      results[i] = { output: outputs![place]!, weights: ownWeights![place]! };
    });
  }
  // In the declared order, whatever was alike.
  return Object.fromEntries(Object.keys(sources).map((i) => [i, results[i]!]));
}

/** T̂_m by masked modality. */
export function projectedTokens(parts: MmpParts): Tokens {
  return Object.fromEntries(
    Object.entries(parts.targets).map(([name, { projected }]) => [name, projected]),
  );
}
