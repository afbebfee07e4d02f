/**
 * ViLT, the vision-and-language transformer without convolution (Kim, Son and Kim 2021): words by BERT's
 * embeddings, pictures by one linear map of each patch, one sequence of both through common pre-norm blocks.
 * The first token is pooled and classified.
 */
import { gelu } from '../../tensor/activations.js';
import { paddingOffset } from '../../tensor/attention.js';
import { layerNorm } from '../../tensor/layerNorm.js';
import { linear } from '../../tensor/linear.js';
import { Parameters } from '../../tensor/parameters.js';
import { expectShapes } from '../../tensor/shapes.js';
import { tf } from '../../tensor/tf.js';
import {
  namesOf,
  tokensInOrder,
  type BaseNetwork,
  type Fused,
  type Inputs,
  type ModalityShape,
  type TokenMasks,
  type Tokens,
} from '../base.js';
import { runBlocks, type Prompts } from './blocks.js';
import { blockEpsilonOf, checkViltConfig, type ViltConfig } from './config.js';
import { embedImage, embedText, imageTokenMask } from './embeddings.js';
import { declareVilt } from './parameters.js';

/** What heads start from, those of classification, masked words and matching alike. */
export interface Encoded {
  /** [B, T, d], all tokens after the last norm, text before image */
  readonly tokens: tf.Tensor;
  /** [B, d], tanh of a linear map of the first token */
  readonly pooled: tf.Tensor;
  /** Self-attention weights of every block, [B, H, queries, keys] */
  readonly attention: tf.Tensor[];
}

/**
 * Inputs: `text`, ids int32 [B, T], T ≤ L, with `textMask` int32 [B, T]; `image`, float32 [B, H, W, 3], every
 * value (x − 0.5)/0.5, with `imageMask` int32 [B, H, W]. A mask is 1 where something is and 0 where padding is,
 * and without it nothing is padding.
 */
export class Vilt implements BaseNetwork {
  readonly modalities: readonly ModalityShape[];
  readonly parameters: Parameters;

  /** @param seed decides every initial value */
  constructor(
    readonly config: ViltConfig,
    seed: number,
  ) {
    checkViltConfig(config);
    const { textLength, imageSize, patch, width } = config;
    this.modalities = [
      { name: 'text', tokens: textLength, width },
      { name: 'image', tokens: 1 + (imageSize / patch) ** 2, width },
    ];
    this.parameters = new Parameters(seed);
    declareVilt(this.parameters, config);
  }

  isOfHead(parameter: string): boolean {
    return /^(pooler|head)\./.test(parameter);
  }

  embed({ text, image, imageMask }: Inputs): Tokens {
    return {
      ...(text ? { text: embedText(this.parameters, this.config, text) } : {}),
      ...(image ? { image: embedImage(this.parameters, this.config, image, imageMask) } : {}),
    };
  }

  tokenMasks({ textMask, imageMask }: Inputs): TokenMasks {
    return {
      ...(textMask ? { text: textMask.clone() } : {}),
      ...(imageMask ? { image: imageTokenMask(this.config, imageMask) } : {}),
    };
  }

  fuse(tokens: Tokens, masks: TokenMasks = {}): Fused {
    const { pooled, attention } = this.encode(tokens, masks);
    return { logits: this.classify(pooled), attention };
  }

  /** Everything of `fuse` but the classification. */
  encode(tokens: Tokens, masks: TokenMasks = {}, prompts?: Prompts): Encoded {
    const parts = tokensInOrder('Vilt.fuse', this, tokens);
    const { tokens: mixed, attention } = runBlocks(
      this.parameters,
      this.config,
      tf.concat(parts, 1),
      this.offset(parts, masks),
      prompts,
    );
    const normed = layerNorm(this.parameters, 'norm', mixed, blockEpsilonOf(this.config));
    const first = tf.squeeze(tf.slice(normed, [0, 0, 0], [-1, 1, -1]), [1]);
    const pooled = tf.tanh(linear(this.parameters, 'pooler', first));
    return { tokens: normed, pooled, attention };
  }

  /** What keeps attention from padding; undefined where there is none. */
  private offset(parts: tf.Tensor[], masks: TokenMasks): tf.Tensor | undefined {
    if (namesOf(this).every((name) => !masks[name])) return undefined;
    const whole = namesOf(this).map((name, index) => {
      const [B, N] = parts[index]!.shape as [number, number, number];
      const mask = masks[name] ?? tf.ones([B, N], 'int32');
      expectShapes('Vilt.fuse', { [`mask of ${name}`]: [mask, 'B N'] }, { B, N });
      return mask;
    });
    return paddingOffset(tf.concat(whole, 1));
  }

  /** Logits [B, C] of what was pooled. */
  classify(pooled: tf.Tensor): tf.Tensor {
    const hidden =
      this.config.head === 'linear'
        ? pooled
        : gelu(
            layerNorm(this.parameters, 'head.norm', linear(this.parameters, 'head.hidden', pooled)),
          );
    return linear(this.parameters, 'head.output', hidden);
  }
}
