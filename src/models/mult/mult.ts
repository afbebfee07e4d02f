/**
 * MulT, the multimodal transformer for sequences that are not aligned (Tsai et al. 2019), as the public framework
 * MMSA has it: each modality is enriched by each other one, what two others made of it goes through one more
 * encoder, and the last time steps of all three are pooled. Dropout has MMSA's places, and acts only while
 * `training` is set.
 */
import { dropout } from '../../tensor/dropout.js';
import { linear } from '../../tensor/linear.js';
import { Parameters } from '../../tensor/parameters.js';
import type { Stream } from '../../tensor/random.js';
import { expectShapes } from '../../tensor/shapes.js';
import { tf } from '../../tensor/tf.js';
import { windows } from '../../tensor/windows.js';
import {
  tokensInOrder,
  type BaseNetwork,
  type Fused,
  type Inputs,
  type ModalityShape,
  type Tokens,
} from '../base.js';
import { checkMultConfig, memoryLayersOf, type MultConfig, type MultDropout } from './config.js';
import { encode, type EncoderDropout } from './encoder.js';
import { crossModal, memoryOf } from './encoders.js';
import { declareMult } from './parameters.js';
import { sentimentModalities, type SentimentModality } from '../sentimentModalities.js';

/** What the head starts from. */
export interface MultStreams {
  /** The last time step of each modality's memory [B, 2·d] */
  readonly streams: Readonly<Record<SentimentModality, tf.Tensor>>;
  /** [B, 6·d], one behind the other */
  readonly pooled: tf.Tensor;
  /**
   * The attention weights of every layer [B, H, queries, keys]: of the cross-modal encoders in their order, then
   * of the memories
   */
  readonly attention: tf.Tensor[];
}

/** Inputs: `text`, `audio` and `vision`, each float32 [B, T, F]. */
export class Mult implements BaseNetwork {
  readonly modalities: readonly ModalityShape[];
  readonly parameters: Parameters;
  training?: Stream;

  /** @param seed decides every initial value */
  constructor(
    readonly config: MultConfig,
    seed: number,
  ) {
    checkMultConfig(config);
    this.modalities = sentimentModalities.map((name) => {
      const { length, kernel } = config[name];
      return { name, tokens: length - kernel + 1, width: config.width };
    });
    this.parameters = new Parameters(seed);
    declareMult(this.parameters, config);
  }

  isOfHead(parameter: string): boolean {
    return parameter.startsWith('head.');
  }

  /** A convolution over time, without padding and bias. */
  embed(inputs: Inputs): Tokens {
    const given = sentimentModalities.filter((name) => inputs[name]);
    return Object.fromEntries(given.map((name) => [name, this.convolve(name, inputs[name]!)]));
  }

  fuse(tokens: Tokens): Fused {
    const { pooled, attention } = this.encode(tokens);
    return { logits: this.predict(pooled), attention };
  }

  /** Everything of `fuse` but the head. */
  encode(tokens: Tokens): MultStreams {
    tokensInOrder('Mult.fuse', this, tokens);
    const { parameters, config } = this;
    const cross = crossModal.map(({ name, to, from }) => ({
      to,
      ...encode(parameters, config, name, tokens[to]!, {
        source: tokens[from]!,
        dropout: this.dropoutOf((rates) => rates.attention[from]),
      }),
    }));
    const memories = sentimentModalities.map((name) => {
      const enriched = cross.filter(({ to }) => to === name).map((each) => each.tokens);
      const deeper = { ...config, layers: memoryLayersOf(config) };
      return encode(parameters, deeper, memoryOf(name), tf.concat(enriched, 2), {
        dropout: this.dropoutOf((rates) => rates.memoryAttention),
      });
    });
    const [text, audio, vision] = memories.map((memory) => lastStep(memory.tokens)) as [
      tf.Tensor,
      tf.Tensor,
      tf.Tensor,
    ];
    return {
      streams: { text, audio, vision },
      pooled: tf.concat([text, audio, vision], 1),
      attention: [...cross, ...memories].flatMap(({ attention }) => attention),
    };
  }

  /** The head: a residual block and a linear map. */
  predict(pooled: tf.Tensor): tf.Tensor {
    const apply = (part: string, x: tf.Tensor) => linear(this.parameters, `head.${part}`, x);
    const hidden = tf.relu(apply('hidden', pooled));
    const kept = dropout(hidden, this.config.dropout?.head ?? 0, this.training);
    const block = apply('residual', kept);
    return apply('output', tf.add(block, pooled));
  }

  /** What an encoder drops now, with such a rate for its attention weights. */
  private dropoutOf(attention: (rates: MultDropout) => number): EncoderDropout | undefined {
    const { training: random, config } = this;
    const { dropout: rates } = config;
    return random && rates && { ...rates, attention: attention(rates), random };
  }

  private convolve(name: SentimentModality, input: tf.Tensor): tf.Tensor {
    const { features, kernel } = this.config[name];
    const { B, T } = expectShapes('Mult.embed', { [name]: [input, 'B T F'] }, { F: features });
    if (T < kernel) {
      throw new Error(`Mult.embed: ${name} has ${T} steps, fewer than its kernel of ${kernel}`);
    }
    const rate = name === 'text' ? this.config.dropout?.textFeatures : undefined;
    const kept = dropout(input, rate ?? 0, this.training);
    const unfolded = tf.reshape(windows(kept, kernel), [-1, kernel * features]);
    const tokens = tf.matMul(unfolded, this.parameters.get(`embed.${name}.weight`));
    return tf.reshape(tokens, [B, T - kernel + 1, this.config.width]);
  }
}

/** [B, N, d] → [B, d] */
function lastStep(tokens: tf.Tensor): tf.Tensor {
  const [batch, count, width] = tokens.shape as [number, number, number];
  return tf.reshape(tf.slice(tokens, [0, count - 1, 0], [batch, 1, width]), [batch, width]);
}
