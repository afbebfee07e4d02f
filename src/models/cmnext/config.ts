/** What a CMNeXt is like. */
import { z } from 'zod';
import { parseWith } from '../../files/json.js';

/** One number for each of the four stages */
export type PerStage = readonly [number, number, number, number];

/** A backbone: Mix Transformers of SegFormer for the first modality, and as many blocks for the others */
export interface CmnextBackbone {
  /** d of each stage */
  readonly embedDims: PerStage;
  /** Blocks of each stage */
  readonly depths: PerStage;
  /** H of each stage, in self-attention and in fusion */
  readonly heads: PerStage;
  /** Keys and values of self-attention are made of patches of so many cells by so many */
  readonly srRatios: PerStage;
  /** Width of the head */
  readonly decoderDim: number;
}

export interface CmnextConfig extends CmnextBackbone {
  /** The first, usually colours, has the trunk; the others share the auxiliary branch. */
  readonly modalities: readonly string[];
  /** C */
  readonly classes: number;
  /** Of the images that `modalities` counts tokens for; the network takes other sizes, too */
  readonly image: { readonly height: number; readonly width: number };
  /**
   * With more than one auxiliary modality the public code reads its maps [B, d, h, w] as if they were [B, h, w, d]
   * when it hands them on to the next stage. True does the same, as weights trained with it need; false hands the
   * maps on as they are, and is the default.
   */
  readonly layoutSlip?: boolean;
  /** The rate of stochastic depth in the last block, from 0 in the first; 0.1 by default */
  readonly dropPath?: number;
  /** The rate of dropout of channels in the head; 0.1 by default */
  readonly headDropout?: number;
  /**
   * The share of a batch in the running statistics of batch normalisation; 0.1 by default, as in the public code.
   * Where every batch lacks other modalities, those follow what the last ten lacked: a smaller share knows more of them.
   */
  readonly batchNormMomentum?: number;
  /**
   * Whether blocks and fusions are computed a second time for their gradient, so that training keeps less of them in
   * memory; false by default. What comes out is the same.
   */
  readonly recompute?: boolean;
}

export const stages = [0, 1, 2, 3] as const;
export type Stage = (typeof stages)[number];

const mixTransformer = {
  embedDims: [64, 128, 320, 512],
  heads: [1, 2, 5, 8],
  srRatios: [8, 4, 2, 1],
  decoderDim: 512,
} as const;

/** The backbones of the public code, by their names there */
export const cmnextBackbones = {
  B2: { ...mixTransformer, depths: [3, 4, 6, 3] },
  B4: { ...mixTransformer, depths: [3, 8, 27, 3] },
  B5: { ...mixTransformer, depths: [3, 6, 40, 3] },
} as const satisfies Readonly<Record<string, CmnextBackbone>>;

/** Hidden values of MLPs by input: of the trunk, and of the auxiliary branch by stage */
export const trunkMlpRatio = 4;
export const auxiliaryMlpRatios: PerStage = [8, 8, 4, 4];

/** By how much images shrink before each stage */
export const strides: PerStage = [4, 2, 2, 2];

/** The modalities of the auxiliary branch */
export const auxiliaryOf = ({ modalities }: Pick<CmnextConfig, 'modalities'>): readonly string[] =>
  modalities.slice(1);

/** The rate of stochastic depth of each block, by stage: from 0 to `dropPath` in equal steps over all of them */
export function dropPathRates({ depths, dropPath = 0.1 }: CmnextConfig): number[][] {
  const steps = Math.max(1, depths.reduce((sum, depth) => sum + depth, 0) - 1);
  let block = 0;
  return depths.map((depth) => Array.from({ length: depth }, () => (dropPath * block++) / steps));
}

/**
 * Height and width of the maps of each stage.
 *
 * @throws Error where the keys of a stage would be made of less than one patch
 */
export function mapSizes(
  where: string,
  { srRatios }: Pick<CmnextBackbone, 'srRatios'>,
  grid: { readonly height: number; readonly width: number },
): { height: number; width: number }[] {
  let { height, width } = grid;
  return stages.map((stage) => {
    if (stage > 0) {
      height = Math.ceil(height / strides[stage]);
      width = Math.ceil(width / strides[stage]);
    }
    const ratio = srRatios[stage];
    if (height < ratio || width < ratio) {
      throw new Error(
        `${where}: stage ${stage + 1} has ${height} × ${width} cells, less than a patch of ${ratio} × ${ratio}`,
      );
    }
    return { height, width };
  });
}

/** @throws Error naming the sizes, rates and names that are wrong or do not go together */
export function checkCmnextConfig(config: CmnextConfig): void {
  const { embedDims, depths, heads, srRatios, modalities, image } = config;
  const perStage = { embedDims, depths, heads, srRatios };
  for (const [key, sizes] of Object.entries(perStage)) {
    // Not only by their type: configurations come from files, too.
    if ((sizes as readonly number[]).length !== stages.length) {
      throw new Error(`Cmnext: ${key} must have four numbers, got [${sizes.join(', ')}]`);
    }
    sizes.forEach((size, stage) => {
      expectPositive(`${key}[${stage}]`, size);
    });
  }
  const { decoderDim, classes } = config;
  for (const [key, size] of Object.entries({ decoderDim, classes })) expectPositive(key, size);
  for (const stage of stages) {
    if (embedDims[stage] % heads[stage] !== 0) {
      throw new Error(
        `Cmnext: heads ${heads[stage]} do not divide width ${embedDims[stage]} of stage ${stage + 1}`,
      );
    }
  }
  if (modalities.length === 0) throw new Error('Cmnext: needs at least one modality');
  const wrong = modalities.filter(
    (name, place) => !/^[^.\s]+$/.test(name) || modalities.indexOf(name) !== place,
  );
  if (wrong.length > 0) {
    throw new Error(
      `Cmnext: modalities need different names without dots, got ${wrong.join(', ')}`,
    );
  }
  mapSizes('Cmnext: image', config, gridOfImage('Cmnext: image', image));
  const { dropPath = 0, headDropout = 0 } = config;
  for (const [key, rate] of Object.entries({ dropPath, headDropout })) {
    if (!(rate >= 0 && rate < 1)) {
      throw new Error(`Cmnext: ${key} must be at least 0 and below 1, got ${rate}`);
    }
  }
  const { batchNormMomentum = 0.1 } = config;
  if (!(batchNormMomentum > 0 && batchNormMomentum <= 1)) {
    throw new Error(
      `Cmnext: batchNormMomentum must be above 0 and at most 1, got ${batchNormMomentum}`,
    );
  }
}

function expectPositive(key: string, size: number): void {
  if (!Number.isInteger(size) || size < 1) {
    throw new Error(`Cmnext: ${key} must be a positive integer, got ${size}`);
  }
}

/**
 * How the tokens of an image lie.
 *
 * @throws Error where its sides are no multiples of 4: the logits could not be of its size
 */
export function gridOfImage(where: string, { height, width }: CmnextConfig['image']) {
  const [stride] = strides;
  if (![height, width].every((size) => Number.isInteger(size / stride) && size > 0)) {
    throw new Error(
      `${where}: height and width must be multiples of ${stride}, got ${height} × ${width}`,
    );
  }
  return { height: height / stride, width: width / stride };
}

const whole = z.number().int().positive();
const four = z.tuple([whole, whole, whole, whole]);

/** A configuration beside weights of the public code; what is in it and not here decides nothing. */
const schema = z.object({
  embed_dims: four,
  depths: four,
  heads: four,
  sr_ratios: four,
  modalities: z.array(z.string()).min(1),
  decoder_dim: whole,
  num_classes: whole,
  height: whole,
  width: whole,
});

/**
 * The configuration of a golden case of the public code, DELIVER, as ours; with its slip of layouts.
 *
 * @throws Error naming every key that is absent or that this network cannot follow
 */
export function cmnextFromDeliver(json: unknown): CmnextConfig {
  const found = parseWith(schema, json);
  return {
    embedDims: found.embed_dims,
    depths: found.depths,
    heads: found.heads,
    srRatios: found.sr_ratios,
    decoderDim: found.decoder_dim,
    modalities: found.modalities,
    classes: found.num_classes,
    image: { height: found.height, width: found.width },
    layoutSlip: true,
  };
}
