/**
 * Parameter-efficient adaptation (Reza, Prater-Bennette and Asif 2023): a network that is not trained any more is
 * adapted to what is missing by few parameters of its layers, of which there is a set for every combination of missing
 * modalities.
 *
 *   scale and shift   y = γ ⊙ (x·W + b) + β       after every linear map and every norm
 *   low rank          y = x·(W + D·U) + b         in every linear map
 *
 * Both are the base network with other weights: W·diag γ and γ ⊙ b + β, or W + D·U with D [in, r] and U [r, out]. A
 * layer without bias, as MulT's convolutions, is scaled only. The encoders and their fusion are adapted and the head is
 * not, where a network has it apart (`isOfHead`). With γ = 1, β = 0 and U = 0 at the start, layers compute with the very
 * numbers of the base, so that logits are equal to the last bit. With nothing missing the base is used as it is.
 *
 * The paper counts fewer than 1 % of a network's parameters; of MulT for CMU-MOSI, whose layers are narrow, a set has
 * 2.1 % with scale and shift, and 1.8 % with a rank of one.
 *
 * A base with batch normalisation is adapted in evaluation, without dropout, so that its running statistics rest; any
 * other is adapted with the dropout of its training.
 */
import type { Predictor } from '../evaluation/predictors.js';
import { allScenarios } from '../evaluation/scenarios.js';
import { splitModalities } from '../mmp/masking.js';
import type { Absence } from '../models/absence.js';
import { namesOf, type BaseNetwork } from '../models/base.js';
import { withParameters } from '../models/withParameters.js';
import { isRunningStatistic } from '../tensor/batchNorm.js';
import { ones, Parameters, uniform, zeros } from '../tensor/parameters.js';
import { tf } from '../tensor/tf.js';
import { tokensWithAbsence } from './modalityDropout.js';

export type AdaptationConfig =
  | { readonly kind: 'scaleShift' }
  | {
      readonly kind: 'lowRank';
      /** r */
      readonly rank: number;
    };

export class Adaptation<Network extends BaseNetwork = BaseNetwork> {
  /**
   * Of every combination, such as `missing.text+audio`, and every layer `scale` [out] and `shift` [out], or `down`
   * [in, r] and `up` [r, out]
   */
  readonly parameters: Parameters;

  /** @throws Error when the kind is unknown, or the rank no positive integer */
  constructor(
    readonly base: Network,
    readonly config: AdaptationConfig,
    seed: number,
  ) {
    if (!['scaleShift', 'lowRank'].includes(config.kind)) {
      throw new Error(`Adaptation kind: must be scaleShift or lowRank, got ${config.kind}`);
    }
    if (config.kind === 'lowRank' && !(Number.isInteger(config.rank) && config.rank >= 1)) {
      throw new Error(`Adaptation rank: must be a positive integer, got ${config.rank}`);
    }
    this.parameters = new Parameters(seed);
    for (const { masked } of allScenarios(namesOf(base))) {
      if (masked.length === 0) continue;
      for (const layer of layersOf(base)) this.declare(`${setOf(masked)}.${layer}`, layer);
    }
  }

  /** The names of the parameters of one combination of missing modalities. */
  parametersOf(masked: readonly string[]): string[] {
    const set = setOf(splitModalities(namesOf(this.base), masked).masked);
    return this.parameters.names.filter((name) => name.startsWith(`${set}.`));
  }

  /**
   * The network for samples that lack these modalities.
   *
   * @throws Error when a modality is unknown, or all are missing
   */
  network(masked: readonly string[]): Network {
    const { base } = this;
    const split = splitModalities(namesOf(base), masked);
    if (split.masked.length === 0) return base;
    const adapted = withParameters(base, (name) => this.adapted(setOf(split.masked), name));
    // Set on what is made here, and not on the base
    if (base.parameters.names.some(isRunningStatistic)) adapted.training = undefined;
    return adapted;
  }

  /** The adapted network; of a missing modality it sees the absence. */
  predictor(absence?: Absence): Predictor {
    return (inputs, masked) => {
      const network = this.network(masked);
      const { tokens, masks, grid } = tokensWithAbsence(network, inputs, masked, absence);
      return network.fuse(tokens, masks, grid).logits;
    };
  }

  private declare(name: string, layer: string): void {
    const { base, config, parameters } = this;
    const { shape } = base.parameters.get(`${layer}.weight`);
    const outputs = shape[shape.length - 1]!;
    if (config.kind === 'scaleShift') {
      parameters.add(`${name}.scale`, [outputs], ones);
      if (base.parameters.has(`${layer}.bias`)) parameters.add(`${name}.shift`, [outputs], zeros);
    } else if (shape.length === 2) {
      const [inputs] = shape as [number, number];
      parameters.add(`${name}.down`, [inputs, config.rank], uniform(1 / Math.sqrt(inputs)));
      parameters.add(`${name}.up`, [config.rank, outputs], zeros);
    }
  }

  /** A parameter of the base as a combination has it; undefined where it is not adapted. */
  private adapted(set: string, name: string): tf.Tensor | undefined {
    const { base, parameters } = this;
    const [, layer, kind] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
    const [scale, shift, down, up] = ['scale', 'shift', 'down', 'up'].map((part) => {
      const known = `${set}.${layer}.${part}`;
      return parameters.has(known) ? parameters.get(known) : undefined;
    });
    const own = base.parameters.get(name);
    if (kind === 'weight' && scale) return tf.mul(own, scale);
    if (kind === 'bias' && scale && shift) return tf.add(tf.mul(own, scale), shift);
    if (kind === 'weight' && down && up) return tf.add(own, tf.matMul(down, up));
    return undefined;
  }
}

/** What a combination of missing modalities, in declared order, is called. */
const setOf = (masked: readonly string[]) => `missing.${masked.join('+')}`;

/** Linear maps, whose weights are [in, out], and norms, whose weights are [width]; not those of the head */
function layersOf(base: BaseNetwork): string[] {
  return base.parameters.names
    .filter((name) => name.endsWith('.weight') && base.parameters.get(name).rank <= 2)
    .filter((name) => !base.isOfHead?.(name))
    .map((name) => name.slice(0, -'.weight'.length));
}
