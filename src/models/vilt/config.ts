/** What a ViLT is like. */
export interface ViltConfig {
  readonly vocabulary: number;
  /** L, the rows of the text's position table: no text is longer */
  readonly textLength: number;
  /** The position table of pictures is for a square of this side; pictures may have any other size. */
  readonly imageSize: number;
  /** The side of a patch */
  readonly patch: number;
  /** d */
  readonly width: number;
  /** H */
  readonly heads: number;
  readonly layers: number;
  /** Hidden width of the blocks' MLP as a multiple of d */
  readonly mlpRatio: number;
  /** C */
  readonly classes: number;
  /**
   * What turns the pooled token into logits. `mlp`, the default, is that of Missing-Aware Prompts (Lee et al.
   * 2023): Linear(d, 2d), LayerNorm, GELU, Linear(2d, C); `linear` is one Linear(d, C).
   */
  readonly head?: 'linear' | 'mlp';
  /**
   * ε of every norm in and after the blocks. 1e-6, the default, is that of the original code; Hugging Face's
   * has 1e-12. The norm of the text's embeddings always has 1e-12, which is BERT's.
   */
  readonly blockEpsilon?: number;
}

/** ViLT-B/32 as it was pretrained; with more text, such as 512 words, its position table is resized. */
export const viltBase = {
  vocabulary: 30522,
  textLength: 40,
  imageSize: 384,
  patch: 32,
  width: 768,
  heads: 12,
  layers: 12,
  mlpRatio: 4,
} as const satisfies Omit<ViltConfig, 'classes'>;

export const blockEpsilonOf = ({ blockEpsilon = 1e-6 }: ViltConfig): number => blockEpsilon;

/** @throws Error naming the sizes that do not go together */
export function checkViltConfig({ imageSize, patch, width, heads }: ViltConfig): void {
  if (imageSize % patch !== 0) {
    throw new Error(`Vilt: patch ${patch} does not divide imageSize ${imageSize}`);
  }
  if (width % heads !== 0) throw new Error(`Vilt: heads ${heads} do not divide width ${width}`);
}
