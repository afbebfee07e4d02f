/**
 * A small transformer in the shape of ViLT (Kim, Son and Kim 2021): patches and words become tokens by
 * one linear map or one table look-up each, are normalised, get a position and a modality-type embedding,
 * and run through common pre-norm blocks; a class token is classified. It has no convolution, so it
 * trains on every backend. The norm, which ViLT has for words only, gives the tokens of all modalities
 * one scale, so that none of them rules the alignment loss.
 */
import { gelu } from '../tensor/activations.js';
import { addCrossAttention, crossAttention } from '../tensor/crossAttention.js';
import { addLayerNorm, layerNorm } from '../tensor/layerNorm.js';
import { addLinear, linear } from '../tensor/linear.js';
import { normal, Parameters } from '../tensor/parameters.js';
import { expectShapes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';
import type { BaseNetwork, Fused, Inputs, ModalityShape, Tokens } from './base.js';
import { cutPatches } from './patches.js';

/** A square colour picture cut into square patches. Input: float32 [B, size, size, 3]. */
export interface PictureModality {
  readonly kind: 'picture';
  readonly name: string;
  readonly size: number;
  readonly patch: number;
}

/** A text of at most `length` words. Input: int32 [B, length], 0 where there is no word. */
export interface WordsModality {
  readonly kind: 'words';
  readonly name: string;
  readonly length: number;
  readonly vocabulary: number;
}

export interface SmallViltConfig {
  readonly modalities: readonly (PictureModality | WordsModality)[];
  /** d */
  readonly width: number;
  /** H */
  readonly heads: number;
  readonly layers: number;
  /** Hidden width of the blocks' MLP as a multiple of d */
  readonly mlpRatio: number;
  /** C */
  readonly classes: number;
}

const tokensOf = (modality: PictureModality | WordsModality) =>
  modality.kind === 'words' ? modality.length : (modality.size / modality.patch) ** 2;

export class SmallVilt implements BaseNetwork {
  readonly modalities: readonly ModalityShape[];
  readonly parameters: Parameters;

  /** @param seed decides every initial value */
  constructor(
    readonly config: SmallViltConfig,
    seed: number,
  ) {
    const { width, heads, layers, mlpRatio, classes } = config;
    this.parameters = new Parameters(seed);
    this.modalities = config.modalities.map((modality) => {
      if (modality.kind === 'picture' && modality.size % modality.patch !== 0) {
        throw new Error(
          `SmallVilt ${modality.name}: patch ${modality.patch} does not divide size ${modality.size}`,
        );
      }
      return { name: modality.name, tokens: tokensOf(modality), width };
    });

    for (const modality of config.modalities) {
      const name = `embed.${modality.name}`;
      if (modality.kind === 'picture') {
        addLinear(this.parameters, `${name}.patch`, 3 * modality.patch ** 2, width);
      } else {
        this.parameters.add(`${name}.word`, [modality.vocabulary, width], normal(0.02));
      }
      addLayerNorm(this.parameters, `${name}.norm`, width);
      this.parameters.add(`${name}.position`, [tokensOf(modality), width], normal(0.02));
      this.parameters.add(`${name}.type`, [width], normal(0.02));
    }
    this.parameters.add('class', [1, width], normal(0.02));
    for (let layer = 0; layer < layers; layer++) {
      const name = `blocks.${layer}`;
      addLayerNorm(this.parameters, `${name}.attentionNorm`, width);
      addCrossAttention(this.parameters, `${name}.attention`, width, { heads });
      addLayerNorm(this.parameters, `${name}.mlpNorm`, width);
      addLinear(this.parameters, `${name}.mlp.hidden`, width, mlpRatio * width);
      addLinear(this.parameters, `${name}.mlp.output`, mlpRatio * width, width);
    }
    addLayerNorm(this.parameters, 'norm', width);
    addLinear(this.parameters, 'head', width, classes);
  }

  embed(inputs: Inputs): Tokens {
    const tokens: Record<string, tf.Tensor> = {};
    for (const modality of this.config.modalities) {
      const input = inputs[modality.name];
      if (!input) continue;
      const name = `embed.${modality.name}`;
      const raw =
        modality.kind === 'picture' ? this.patches(input, modality) : this.words(input, modality);
      const place = tf.add(
        this.parameters.get(`${name}.position`),
        this.parameters.get(`${name}.type`),
      );
      tokens[modality.name] = tf.add(layerNorm(this.parameters, `${name}.norm`, raw), place);
    }
    return tokens;
  }

  private patches(input: tf.Tensor, { name, size, patch }: PictureModality): tf.Tensor {
    expectShapes('SmallVilt.embed', { [name]: [input, `B ${size} ${size} 3`] });
    return linear(this.parameters, `embed.${name}.patch`, cutPatches(input, patch));
  }

  private words(input: tf.Tensor, { name, length }: WordsModality): tf.Tensor {
    expectShapes('SmallVilt.embed', { [name]: [input, `B ${length}`] });
    return tf.gather(this.parameters.get(`embed.${name}.word`), input);
  }

  fuse(tokens: Tokens): Fused {
    const { width, heads, layers } = this.config;
    const lacking = this.modalities.filter(({ name }) => !tokens[name]).map(({ name }) => name);
    if (lacking.length > 0) throw new Error(`SmallVilt.fuse: no tokens of ${lacking.join(', ')}`);
    let axes = { d: width };
    for (const { name, tokens: count } of this.modalities) {
      axes = {
        ...axes,
        ...expectShapes('SmallVilt.fuse', { [name]: [tokens[name]!, `B ${count} d`] }, axes),
      };
    }
    const batch = tokens[this.modalities[0]!.name]!.shape[0];
    const classToken = tf.mul(this.parameters.get('class'), tf.ones([batch, 1, 1]));

    let x: tf.Tensor = tf.concat(
      [classToken, ...this.modalities.map(({ name }) => tokens[name]!)],
      1,
    );
    const attention: tf.Tensor[] = [];
    for (let layer = 0; layer < layers; layer++) {
      const name = `blocks.${layer}`;
      const normed = layerNorm(this.parameters, `${name}.attentionNorm`, x);
      const attended = crossAttention(this.parameters, `${name}.attention`, normed, normed, {
        heads,
      });
      attention.push(attended.weights);
      x = tf.add(x, attended.output);
      x = tf.add(x, this.mlp(name, layerNorm(this.parameters, `${name}.mlpNorm`, x)));
    }
    const first = tf.reshape(tf.slice(x, [0, 0, 0], [batch, 1, width]), [batch, width]);
    const logits = linear(this.parameters, 'head', layerNorm(this.parameters, 'norm', first));
    return { logits, attention };
  }

  private mlp(block: string, x: tf.Tensor): tf.Tensor {
    const hidden = gelu(linear(this.parameters, `${block}.mlp.hidden`, x));
    return linear(this.parameters, `${block}.mlp.output`, hidden);
  }
}
