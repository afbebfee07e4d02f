/**
 * MulT's encoder: x + attention(norm(x), norm(source)) and x + MLP(norm(x)), layer by layer, and a last norm. One
 * norm serves queries, keys and values, and every layer reads the same source.
 */
import { attention, futureOffset } from '../../tensor/attention.js';
import { layerNorm } from '../../tensor/layerNorm.js';
import { linear } from '../../tensor/linear.js';
import type { Parameters } from '../../tensor/parameters.js';
import { tf } from '../../tensor/tf.js';
import type { MultConfig } from './config.js';
import { positionsOf } from './positions.js';

export interface Encoded {
  /** [B, N, d] */
  readonly tokens: tf.Tensor;
  /** The attention weights of every layer [B, H, queries, keys] */
  readonly attention: tf.Tensor[];
}

/**
 * @param name `cross.textFromAudio`, `memory.text`
 * @param tokens [B, N, d]
 * @param source [B, N', d]; without it tokens attend to each other, as each layer finds them
 */
export function encode(
  parameters: Parameters,
  config: Pick<MultConfig, 'heads' | 'layers' | 'masked' | 'positions'>,
  name: string,
  tokens: tf.Tensor,
  source?: tf.Tensor,
): Encoded {
  const begin = (from: tf.Tensor) => {
    const scaled = tf.mul(from, Math.sqrt(from.shape[2]!));
    return config.positions ? tf.add(scaled, positionsOf(from)) : scaled;
  };
  const keys = source && begin(source);
  const masked = config.masked ?? true;
  const pairOffset = masked
    ? futureOffset(tokens.shape[1]!, (source ?? tokens).shape[1]!)
    : undefined;
  const weights: tf.Tensor[] = [];
  let x = begin(tokens);
  for (let layer = 0; layer < config.layers; layer++) {
    const result = runLayer(parameters, config.heads, `${name}.layers.${layer}`, x, {
      ...(keys ? { source: keys } : {}),
      ...(pairOffset ? { pairOffset } : {}),
    });
    weights.push(result.weights);
    x = result.x;
  }
  return { tokens: layerNorm(parameters, `${name}.norm`, x), attention: weights };
}

function runLayer(
  parameters: Parameters,
  heads: number,
  name: string,
  x: tf.Tensor,
  { source, pairOffset }: { readonly source?: tf.Tensor; readonly pairOffset?: tf.Tensor },
): { x: tf.Tensor; weights: tf.Tensor } {
  const norm = (part: string, from: tf.Tensor) => layerNorm(parameters, `${name}.${part}`, from);
  const apply = (part: string, from: tf.Tensor) => linear(parameters, `${name}.${part}`, from);

  const normed = norm('attentionNorm', x);
  const read = source ? norm('attentionNorm', source) : normed;
  const { mixed, weights } = attention(
    {
      query: apply('attention.query', normed),
      key: apply('attention.key', read),
      value: apply('attention.value', read),
      ...(pairOffset ? { pairOffset } : {}),
    },
    { heads, scale: 1 / Math.sqrt(x.shape[2]! / heads) },
  );
  const attended = tf.add(x, apply('attention.output', mixed));
  const hidden = tf.relu(apply('mlp.hidden', norm('mlpNorm', attended)));
  return { x: tf.add(attended, apply('mlp.output', hidden)), weights };
}
