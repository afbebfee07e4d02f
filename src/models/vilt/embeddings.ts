/** Words and pictures as tokens with their positions and their kind: what ViLT's blocks begin with. */
import { layerNorm } from '../../tensor/layerNorm.js';
import { linear } from '../../tensor/linear.js';
import type { Parameters } from '../../tensor/parameters.js';
import { expectShapes } from '../../tensor/shapes.js';
import { tf } from '../../tensor/tf.js';
import { cutPatches } from '../patches.js';
import type { ViltConfig } from './config.js';
import { fullGrid, maskedGrid, patchMask, patchPositions } from './positions.js';

/** ε of BERT's embeddings */
const textEpsilon = 1e-12;

/** Rows of a table, from one on. */
function rows(parameters: Parameters, name: string, start: number, count: number): tf.Tensor {
  const table = parameters.get(name);
  return tf.slice(table, [start, 0], [count, table.shape[1]!]);
}

/**
 * @param text ids, int32 [B, T], T ≤ L
 * @returns [B, T, d]
 */
export function embedText(
  parameters: Parameters,
  { textLength }: ViltConfig,
  text: tf.Tensor,
): tf.Tensor {
  const { T } = expectShapes('Vilt.embed', { text: [text, 'B T'] });
  if (T > textLength) {
    throw new Error(`Vilt.embed: text has ${T} words, more than the ${textLength} positions`);
  }
  const word = tf.gather(parameters.get('embed.text.word'), text);
  const place = tf.add(
    rows(parameters, 'embed.text.position', 0, T),
    rows(parameters, 'embed.text.segment', 0, 1),
  );
  const normed = layerNorm(parameters, 'embed.text.norm', tf.add(word, place), textEpsilon);
  return tf.add(normed, rows(parameters, 'embed.type', 0, 1));
}

/**
 * @param image [B, H, W, 3], every value (x − 0.5)/0.5
 * @param mask [B, H, W], 1 in the top left part that is picture; all of it by default
 * @returns [B, 1 + h·w, d], the class token and the patches in raster order
 */
export function embedImage(
  parameters: Parameters,
  config: ViltConfig,
  image: tf.Tensor,
  mask?: tf.Tensor,
): tf.Tensor {
  const { patch, width } = config;
  const { B, H, W } = expectShapes('Vilt.embed', { image: [image, 'B H W 3'] });
  expectPatches(H, W, patch);
  if (mask) expectShapes('Vilt.embed', { imageMask: [mask, 'B H W'] }, { B, H, W });

  const grid = mask ? maskedGrid(patchMask(mask, patch)) : fullGrid(H / patch, W / patch);
  const table = rows(parameters, 'embed.image.position', 1, (config.imageSize / patch) ** 2);
  const patches = linear(parameters, 'embed.image.patch', cutPatches(image, patch));
  const placed = tf.add(patches, patchPositions(table, grid));

  const first = tf.add(
    parameters.get('embed.image.class'),
    rows(parameters, 'embed.image.position', 0, 1),
  );
  const classToken = tf.add(tf.zeros([B, 1, width]), first);
  return tf.add(tf.concat([classToken, placed], 1), rows(parameters, 'embed.type', 1, 1));
}

/**
 * Which tokens of `embedImage` are real.
 *
 * @param mask [B, H, W]
 * @returns int32 [B, 1 + h·w]
 */
export function imageTokenMask({ patch }: ViltConfig, mask: tf.Tensor): tf.Tensor {
  const { B, H, W } = expectShapes('Vilt.tokenMasks', { imageMask: [mask, 'B H W'] });
  expectPatches(H, W, patch);
  const patches = tf.reshape(patchMask(mask, patch), [B, -1]);
  return tf.concat([tf.ones([B, 1], 'int32'), patches], 1);
}

function expectPatches(height: number, width: number, patch: number): void {
  if (height % patch === 0 && width % patch === 0) return;
  throw new Error(`Vilt: image of ${height} × ${width} is not made of patches of ${patch}`);
}
