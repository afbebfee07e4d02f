/**
 * MulT's encoder: x + attention(norm(x), norm(source)) and x + MLP(norm(x)), layer by layer, and a last norm. One
 * norm serves queries, keys and values, and every layer reads the same source. What dropout does to a source it
 * does twice, once for keys and once for values, as MMSA has it.
 */
import { attention, futureOffset } from '../../tensor/attention.js';
import { dropout } from '../../tensor/dropout.js';
import { layerNorm } from '../../tensor/layerNorm.js';
import { linear } from '../../tensor/linear.js';
import type { Parameters } from '../../tensor/parameters.js';
import type { Stream } from '../../tensor/random.js';
import { tf } from '../../tensor/tf.js';
import type { MultConfig, MultDropout } from './config.js';
import { positionsOf } from './positions.js';

export interface Encoded {
  /** [B, N, d] */
  readonly tokens: tf.Tensor;
  /** The attention weights of every layer [B, H, queries, keys] */
  readonly attention: tf.Tensor[];
}

/** What an encoder drops in training, and what the keys are drawn from */
export interface EncoderDropout extends Pick<MultDropout, 'embedding' | 'hidden' | 'residual'> {
  /** Of attention weights */
  readonly attention: number;
  readonly random: Stream;
}

export interface EncodeOptions {
  /** [B, N', d]; without it tokens attend to each other, as each layer finds them */
  readonly source?: tf.Tensor;
  readonly dropout?: EncoderDropout;
}

/**
 * @param name `cross.textFromAudio`, `memory.text`
 * @param tokens [B, N, d]
 */
export function encode(
  parameters: Parameters,
  config: Pick<MultConfig, 'heads' | 'layers' | 'masked' | 'positions'>,
  name: string,
  tokens: tf.Tensor,
  { source, dropout: dropped }: EncodeOptions = {},
): Encoded {
  const drop = dropper(dropped);
  const begin = (from: tf.Tensor) => {
    const scaled = tf.mul(from, Math.sqrt(from.shape[2]!));
    return config.positions ? tf.add(scaled, positionsOf(from)) : scaled;
  };
  const masked = config.masked ?? true;
  const pairOffset = masked
    ? futureOffset(tokens.shape[1]!, (source ?? tokens).shape[1]!)
    : undefined;
  const weights: tf.Tensor[] = [];
  let x = drop('embedding', begin(tokens));
  const read = source && begin(source);
  const sources = read && { keys: drop('embedding', read), values: drop('embedding', read) };
  for (let layer = 0; layer < config.layers; layer++) {
    const result = runLayer(parameters, config.heads, `${name}.layers.${layer}`, x, {
      ...{ sources, pairOffset, dropped },
    });
    weights.push(result.weights);
    x = result.x;
  }
  return { tokens: layerNorm(parameters, `${name}.norm`, x), attention: weights };
}

/** Drops values by the rate of that name. */
const dropper =
  (dropped: EncoderDropout | undefined) =>
  (rate: 'embedding' | 'hidden' | 'residual', x: tf.Tensor): tf.Tensor =>
    dropped ? dropout(x, dropped[rate], dropped.random) : x;

interface LayerOptions {
  /** What is read, the same tensor twice where nothing was dropped */
  readonly sources?: { readonly keys: tf.Tensor; readonly values: tf.Tensor };
  readonly pairOffset?: tf.Tensor;
  readonly dropped?: EncoderDropout;
}

function runLayer(
  parameters: Parameters,
  heads: number,
  name: string,
  x: tf.Tensor,
  { sources, pairOffset, dropped }: LayerOptions,
): { x: tf.Tensor; weights: tf.Tensor } {
  const norm = (part: string, from: tf.Tensor) => layerNorm(parameters, `${name}.${part}`, from);
  const apply = (part: string, from: tf.Tensor) => linear(parameters, `${name}.${part}`, from);

  const drop = dropper(dropped);

  const normed = norm('attentionNorm', x);
  const keys = sources ? norm('attentionNorm', sources.keys) : normed;
  const values =
    sources && sources.values !== sources.keys ? norm('attentionNorm', sources.values) : keys;
  const { mixed, weights } = attention(
    {
      query: apply('attention.query', normed),
      key: apply('attention.key', keys),
      value: apply('attention.value', values),
      ...(pairOffset ? { pairOffset } : {}),
    },
    {
      heads,
      scale: 1 / Math.sqrt(x.shape[2]! / heads),
      ...(dropped ? { dropout: { rate: dropped.attention, random: dropped.random } } : {}),
    },
  );
  const attended = tf.add(x, drop('residual', apply('attention.output', mixed)));
  const hidden = drop('hidden', tf.relu(apply('mlp.hidden', norm('mlpNorm', attended))));
  return { x: tf.add(attended, drop('residual', apply('mlp.output', hidden))), weights };
}
