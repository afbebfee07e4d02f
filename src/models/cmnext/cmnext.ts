/**
 * CMNeXt (Zhang et al. 2023), a network that classifies every pixel of several images of one scene: a trunk for the
 * first modality, an auxiliary branch for all others, which rectify each other and are fused after each of four
 * stages, and SegFormer's head on what was fused. As the public code, DELIVER, has it; maps are [B, h, w, d].
 */
import { isRunningStatistic } from '../../tensor/batchNorm.js';
import { convolve } from '../../tensor/convolution.js';
import { layerNorm } from '../../tensor/layerNorm.js';
import { Parameters } from '../../tensor/parameters.js';
import type { Stream } from '../../tensor/random.js';
import { expectShapes } from '../../tensor/shapes.js';
import { tf } from '../../tensor/tf.js';
import {
  namesOf,
  tokensInOrder,
  type BaseNetwork,
  type Inputs,
  type ModalityShape,
  type TokenGrid,
  type TokenMasks,
  type Tokens,
} from '../base.js';
import { channelEpsilon, choose, runAuxiliary } from './auxiliary.js';
import {
  auxiliaryOf,
  checkCmnextConfig,
  dropPathRates,
  gridOfImage,
  mapSizes,
  stages,
  strides,
  type CmnextConfig,
  type Stage,
} from './config.js';
import { fuseBranches } from './fusion.js';
import { classify } from './head.js';
import { declareCmnext } from './parameters.js';
import { rectify } from './rectification.js';
import { tokensOf, type Run } from './run.js';
import { runTrunk } from './trunk.js';

/** What `Fused` says, and what the head reads. A type and not an interface, so that TF.js takes it from a `tidy`. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
export type CmnextFused = {
  /** [B, H, W, C] */
  readonly logits: tf.Tensor;
  /** None: no block attends from one modality's tokens to another's */
  readonly attention: tf.Tensor[];
  /** Of each stage, [B, h, w, d] */
  readonly features: tf.Tensor[];
};

/** The maps with which a stage begins, embedded: the first modality's, and those of the others by name. */
interface Embedded {
  readonly trunk: tf.Tensor;
  readonly auxiliary: readonly (readonly [modality: string, map: tf.Tensor])[];
}

/** What a stage makes: what the head reads, and what the next stage embeds. */
// eslint-disable-next-line @typescript-eslint/consistent-type-definitions
type StageMaps = {
  readonly fused: tf.Tensor;
  readonly trunk: tf.Tensor;
  /** In the order of the auxiliary modalities */
  readonly auxiliary: tf.Tensor[];
};

/**
 * Inputs: each modality, float32 [B, H, W, 3], H and W multiples of 4 and all of one size. Tokens are what stage 1
 * begins with, one for 4 × 4 pixels.
 *
 * In training each block of the trunk draws twice, for attention and for its MLP, and so does each of the auxiliary
 * branch, for pooling and for its MLP; a stage's trunk before its auxiliary branch, and the head at last. Blocks
 * without stochastic depth, such as the first, draw nothing.
 */
export class Cmnext implements BaseNetwork {
  readonly modalities: readonly ModalityShape[];
  readonly parameters: Parameters;
  training?: Stream;

  /** @param seed decides every initial value */
  constructor(
    readonly config: CmnextConfig,
    seed: number,
  ) {
    checkCmnextConfig(config);
    const { height, width } = gridOfImage('Cmnext', config.image);
    this.modalities = config.modalities.map((name) => ({
      name,
      tokens: height * width,
      width: config.embedDims[0],
    }));
    this.parameters = new Parameters(seed);
    declareCmnext(this.parameters, config);
  }

  isOfHead(parameter: string): boolean {
    return parameter.startsWith('head.');
  }

  isFixed(parameter: string): boolean {
    return isRunningStatistic(parameter);
  }

  embed(inputs: Inputs): Tokens {
    const given = this.given('Cmnext.embed', inputs);
    return Object.fromEntries(
      given.map(([name, image]) => [name, tf.tidy(() => tokensOf(this.embedMap(0, name, image)))]),
    );
  }

  gridOf(inputs: Inputs): TokenGrid {
    const [[, image]] = this.given('Cmnext.gridOf', inputs) as [[string, tf.Tensor]];
    return gridOfImage('Cmnext.gridOf', { height: image.shape[1]!, width: image.shape[2]! });
  }

  /** @throws Error naming tokens that do not fill the grid, and a grid too small for the last stages */
  fuse(
    tokens: Tokens,
    _masks?: TokenMasks,
    grid: TokenGrid = gridOfImage('Cmnext', this.config.image),
  ): CmnextFused {
    const { height, width } = grid;
    const parts = tokensInOrder('Cmnext.fuse', this, tokens);
    parts.forEach((part, index) => {
      const name = this.modalities[index]!.name;
      if (part.shape[1] !== height * width) {
        throw new Error(
          `Cmnext.fuse: ${name} must have ${height} × ${width} tokens, got [${part.shape.join(', ')}]`,
        );
      }
    });
    mapSizes('Cmnext.fuse', this.config, grid);
    return tf.tidy(() =>
      this.fuseMaps(
        parts.map((part) => tf.reshape(part, [part.shape[0], height, width, part.shape[2]!])),
      ),
    );
  }

  /** @param maps which stage 1 begins with, in declared order */
  private fuseMaps([trunk, ...others]: tf.Tensor[]): CmnextFused {
    const auxiliary = auxiliaryOf(this.config).map(
      (name, index) => [name, others[index]!] as const,
    );
    let embedded: Embedded = { trunk: trunk!, auxiliary };
    const features: tf.Tensor[] = [];
    for (const stage of stages) {
      const made = tf.tidy(() => this.runStage(stage, embedded));
      features.push(made.fused);
      if (stage < 3) embedded = this.embedStage((stage + 1) as Stage, made);
    }
    const { headDropout = 0.1 } = this.config;
    const logits = classify(this.run, features, headDropout);
    return { logits, attention: [], features };
  }

  private get run(): Run {
    const { batchNormMomentum: momentum, recompute = false } = this.config;
    return { parameters: this.parameters, training: this.training, momentum, recompute };
  }

  /** The images that are given, in declared order, checked. */
  private given(where: string, inputs: Inputs): [name: string, image: tf.Tensor][] {
    const names = namesOf(this).filter((name) => inputs[name]);
    if (names.length === 0) throw new Error(`${where}: no image of ${namesOf(this).join(', ')}`);
    const shapes = names.map((name) => [name, [inputs[name]!, 'B H W 3']] as const);
    const { H, W } = expectShapes(where, Object.fromEntries(shapes)) as Record<'H' | 'W', number>;
    gridOfImage(where, { height: H, width: W });
    return names.map((name) => [name, inputs[name]!]);
  }

  /** The convolution and the norm before a stage; [B, h, w, C] → [B, h', w', d] */
  private embedMap(stage: Stage, modality: string, map: tf.Tensor): tf.Tensor {
    const ofTrunk = modality === this.config.modalities[0];
    const name = `${ofTrunk ? 'trunk' : 'auxiliary'}.${stage + 1}.embed`;
    const made = convolve(this.parameters, `${name}.convolution`, map, strides[stage]);
    return ofTrunk
      ? layerNorm(this.parameters, `${name}.norm`, made)
      : layerNorm(this.parameters, `${name}.norm.${modality}`, made, channelEpsilon);
  }

  private embedStage(stage: Stage, { trunk, auxiliary }: StageMaps): Embedded {
    const embed = (name: string, map: tf.Tensor) => tf.tidy(() => this.embedMap(stage, name, map));
    return {
      trunk: embed(this.config.modalities[0]!, trunk),
      auxiliary: auxiliaryOf(this.config).map(
        (name, index) => [name, embed(name, auxiliary[index]!)] as const,
      ),
    };
  }

  private runStage(stage: Stage, embedded: Embedded): StageMaps {
    const { run, config } = this;
    const [heads, srRatio] = [config.heads[stage], config.srRatios[stage]];
    const name = (part: string) => `${part}.${stage + 1}`;
    const dropPath = dropPathRates(config)[stage]!;
    const trunk = runTrunk(run, { name: name('trunk'), heads, srRatio, dropPath }, embedded.trunk);
    if (embedded.auxiliary.length === 0) return { fused: trunk, trunk, auxiliary: [] };

    const { weighted, chosen } = choose(run, name('auxiliary'), embedded.auxiliary);
    const auxiliary = runAuxiliary(run, name('auxiliary'), dropPath, chosen);
    const [ofTrunk, ofAuxiliary] = rectify(run, name('rectify'), trunk, auxiliary);
    return {
      fused: fuseBranches(run, name('fuse'), heads, [ofTrunk, ofAuxiliary]),
      trunk: ofTrunk,
      auxiliary:
        weighted.length === 1
          ? [ofAuxiliary]
          : weighted.map((map) => tf.add(this.handedOn(map), ofAuxiliary)),
    };
  }

  /** A map as the next stage finds it: with the layouts slipped, its values in another order. */
  private handedOn(map: tf.Tensor): tf.Tensor {
    if (!this.config.layoutSlip) return map;
    return tf.reshape(tf.transpose(map, [0, 3, 1, 2]), map.shape);
  }
}
