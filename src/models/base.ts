/**
 * The one interface of base networks: `embed` turns inputs into tokens per modality and `fuse` turns
 * tokens into logits. MMP stands between the two, so a base network knows nothing of it.
 */
import type { Parameters } from '../tensor/parameters.js';
import type { Stream } from '../tensor/random.js';
import { expectShapes, type Axes } from '../tensor/shapes.js';
import type { tf } from '../tensor/tf.js';

/** One modality's tokens T_m: [B, N_m, d_m]. */
export interface ModalityShape {
  readonly name: string;
  /** N_m */
  readonly tokens: number;
  /** d_m */
  readonly width: number;
}

/** What a network reads, by modality; shapes are the network's own. */
export type Inputs = Readonly<Record<string, tf.Tensor>>;

/** T_m by modality, each [B, N_m, d_m]. */
export type Tokens = Readonly<Record<string, tf.Tensor>>;

/**
 * Which tokens are real, 1, and which are padding, 0, by modality: int32 [B, N_m]. Of a modality that is not
 * named all are real.
 */
export type TokenMasks = Readonly<Record<string, tf.Tensor>>;

/** How tokens lie in an image, row by row: N = height · width. */
export interface TokenGrid {
  readonly height: number;
  readonly width: number;
}

export interface Fused {
  /** [B, C], or [B, height, width, C] of the image's size where every pixel is classified */
  readonly logits: tf.Tensor;
  /** Attention weights of every block, [B, H, queries, keys]; where blocks read all tokens, both are these. */
  readonly attention: tf.Tensor[];
}

export interface BaseNetwork {
  readonly modalities: readonly ModalityShape[];
  readonly parameters: Parameters;
  /** Whether a parameter belongs to what makes logits of the fused tokens; for networks in which that is apart */
  isOfHead?(parameter: string): boolean;
  /** Whether no optimiser changes a parameter, such as the running mean of a batch normalisation */
  isFixed?(parameter: string): boolean;
  /**
   * Set while the losses of a training step are computed, and only then: dropout draws from it, and batch
   * normalisation takes the statistics of the batch.
   */
  training?: Stream;
  /** Tokens of the modalities that `inputs` holds; the others are not touched. */
  embed(inputs: Inputs): Tokens;
  /** Which tokens of `embed(inputs)` are real; a network that has no padding has no masks. */
  tokenMasks?(inputs: Inputs): TokenMasks;
  /** How tokens of `embed(inputs)` lie in the image, for networks that take images of any size */
  gridOf?(inputs: Inputs): TokenGrid;
  /**
   * Logits from the tokens of every modality; nothing attends to padding.
   *
   * @param grid for networks that take images of any size; that of the configuration's images by default
   */
  fuse(tokens: Tokens, masks?: TokenMasks, grid?: TokenGrid): Fused;
}

/** The names of a network's modalities, in declared order. */
export function namesOf(network: Pick<BaseNetwork, 'modalities'>): string[] {
  return network.modalities.map(({ name }) => name);
}

/**
 * The tokens of every modality, in declared order.
 *
 * @param where the function on whose behalf this checks; it opens the message
 * @throws Error naming what is absent or of another shape
 */
export function tokensInOrder(
  where: string,
  network: Pick<BaseNetwork, 'modalities'>,
  tokens: Tokens,
): tf.Tensor[] {
  const lacking = namesOf(network).filter((name) => !tokens[name]);
  if (lacking.length > 0) throw new Error(`${where}: no tokens of ${lacking.join(', ')}`);
  let batch: Axes = {};
  return network.modalities.map(({ name, width }) => {
    const { B } = expectShapes(where, { [name]: [tokens[name]!, 'B N d'] }, { ...batch, d: width });
    batch = { B };
    return tokens[name]!;
  });
}
