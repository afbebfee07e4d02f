/** ViLT's blocks, x + attention(norm(x)) and x + MLP(norm(x)), with places for missing-aware prompts. */
import { gelu } from '../../tensor/activations.js';
import { attention } from '../../tensor/attention.js';
import { layerNorm } from '../../tensor/layerNorm.js';
import { linear } from '../../tensor/linear.js';
import type { Parameters } from '../../tensor/parameters.js';
import { expectShapes } from '../../tensor/shapes.js';
import { tf } from '../../tensor/tf.js';
import { blockEpsilonOf, type ViltConfig } from './config.js';

/**
 * Missing-aware prompts (Lee et al. 2023) for the first blocks. `input`: P tokens are put before the sequence
 * at each of these blocks and stay in it. `attention`: P/2 rows are put before the keys and the other P/2 before
 * the values, as they are; the sequence keeps its length.
 */
export interface Prompts {
  readonly level: 'attention' | 'input';
  /** [layers, P, d], or [B, layers, P, d] where samples have prompts of their own */
  readonly tokens: tf.Tensor;
}

export interface Blocks {
  /** [B, T, d], without prompts */
  readonly tokens: tf.Tensor;
  /** The attention weights of every block [B, H, queries, keys], prompts among them */
  readonly attention: tf.Tensor[];
}

/**
 * @param tokens [B, T, d]
 * @param offset [B, T] of `paddingOffset`; without it all tokens are real
 */
export function runBlocks(
  parameters: Parameters,
  config: ViltConfig,
  tokens: tf.Tensor,
  offset?: tf.Tensor,
  prompts?: Prompts,
): Blocks {
  const [batch, count, width] = tokens.shape as [number, number, number];
  const prompted = prompts ? promptsByLayer(prompts, config, batch) : [];
  const weights: tf.Tensor[] = [];
  let x = tokens;
  let onKeys = offset;
  for (let layer = 0; layer < config.layers; layer++) {
    const prompt = prompted[layer];
    if (prompt && prompts?.level === 'input') {
      x = tf.concat([prompt, x], 1);
      onKeys = withReal(onKeys, prompt.shape[1]!);
    }
    const prefix = prompts?.level === 'attention' ? prompt : undefined;
    const block = runBlock(parameters, config, `blocks.${layer}`, x, onKeys, prefix);
    weights.push(block.weights);
    x = block.x;
  }
  const own = tf.slice(x, [0, x.shape[1]! - count, 0], [batch, count, width]);
  return { tokens: own, attention: weights };
}

/** The prompts [B, P, d] of each of the first blocks. */
function promptsByLayer(
  { level, tokens }: Prompts,
  { layers, width }: ViltConfig,
  batch: number,
): tf.Tensor[] {
  const shape = tokens.rank === 4 ? `${batch} layers P ${width}` : `layers P ${width}`;
  const sizes = expectShapes('Vilt prompts', { tokens: [tokens, shape] });
  const [prompted, P] = [sizes.layers!, sizes.P!];
  if (prompted > layers) {
    throw new Error(`Vilt prompts: ${prompted} layers of prompts for ${layers} blocks`);
  }
  if (level === 'attention' && P % 2 !== 0) {
    throw new Error(`Vilt prompts: ${P} rows are not as many keys as values`);
  }
  const each = tf.mul(tf.reshape(tokens, [-1, prompted, P, width]), tf.ones([batch, 1, 1, 1]));
  // Slices, because TF.js has no gradient of `unstack` into a single part.
  return Array.from({ length: prompted }, (_, layer) =>
    tf.squeeze(tf.slice(each, [0, layer, 0, 0], [-1, 1, -1, -1]), [1]),
  );
}

/** An offset with so many more keys before it, which are real. */
function withReal(offset: tf.Tensor | undefined, count: number): tf.Tensor | undefined {
  return (
    offset &&
    tf.pad(offset, [
      [0, 0],
      [count, 0],
    ])
  );
}

function runBlock(
  parameters: Parameters,
  config: ViltConfig,
  name: string,
  x: tf.Tensor,
  offset?: tf.Tensor,
  prefix?: tf.Tensor,
): { x: tf.Tensor; weights: tf.Tensor } {
  const { heads, width } = config;
  const norm = (part: string, from: tf.Tensor) =>
    layerNorm(parameters, `${name}.${part}`, from, blockEpsilonOf(config));
  const apply = (part: string, from: tf.Tensor) => linear(parameters, `${name}.${part}`, from);

  const normed = norm('attentionNorm', x);
  const [query, key, value] = ['query', 'key', 'value'].map((part) =>
    apply(`attention.${part}`, normed),
  ) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [keyPrompt, valuePrompt] = prefix ? tf.split(prefix, 2, 1) : [];
  const onKeys = keyPrompt ? withReal(offset, keyPrompt.shape[1]!) : offset;
  const { mixed, weights } = attention(
    {
      query,
      key: keyPrompt ? tf.concat([keyPrompt, key], 1) : key,
      value: valuePrompt ? tf.concat([valuePrompt, value], 1) : value,
      ...(onKeys ? { offset: onKeys } : {}),
    },
    { heads, scale: 1 / Math.sqrt(width / heads) },
  );
  const attended = tf.add(x, apply('attention.output', mixed));
  const hidden = gelu(apply('mlp.hidden', norm('mlpNorm', attended)));
  return { x: tf.add(attended, apply('mlp.output', hidden)), weights };
}
