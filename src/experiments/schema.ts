/**
 * The parts of a run's configuration, each with the values that it has when they are not said. What is impossible
 * beside something else is in config.ts.
 */
import { z } from 'zod';
import { pairTexts } from '../data/emoji/emojiPairs.js';
import { mosiLayouts } from '../data/mosi/layouts.js';
import { missingImages } from '../data/pictureAndText.js';
import { validationSources } from '../data/segmentation/lists.js';
import { sceneModalities } from '../data/scenes/render.js';
import { sceneCounts } from '../data/scenes/scenes.js';
import { mosiCounts } from '../data/sentiment/generated.js';
import { sentimentProcesses, type SentimentSize } from '../data/sentiment/process.js';
import { lmfMosi } from '../models/lmf.js';
import { multMosi } from '../models/mult/config.js';
import { backendRequests } from '../tensor/backend.js';

/**
 * - `pretraining`: ViLT without labels, by masked words and matching pictures
 * - `pretrained`: the base network, trained on everything
 * - `dropout`: the base network, with random modalities blanked in training
 * - `prompts`: the base network with missing-aware prompts (Lee et al. 2023)
 * - `adaptation`: the base network, frozen, with few parameters for every set of missing modalities (Reza et al. 2023)
 * - `linear`: with one linear layer in the place of Eq. 2–6 (Table 5, "LP")
 * - `linear+align`: the same with the alignment loss (Table 5, "LP + Align")
 * - `mmp`: with Masked Modality Projection (Table 5, "CA + Align")
 */
export const methods = [
  'pretraining',
  'pretrained',
  'dropout',
  'prompts',
  'adaptation',
  'linear',
  'linear+align',
  'mmp',
] as const;
export type Method = (typeof methods)[number];

const count = z.int().positive();
const share = z.number().min(0).max(1);
const belowOne = z.number().min(0).lt(1);
const positive = z.number().positive();

/** Of an image that CMNeXt reads, whose last stage is a thirty-second of it */
const side = z.int().positive().multipleOf(32);
/** Of the four stages of a network */
const stages = z.tuple([count, count, count, count]);

/** Of an image that is cut out, of which CMNeXt makes a token of four pixels by four */
const cutSide = z.int().positive().multipleOf(4);
/** Data sets of labelled images that are read from files */
const imageFiles = {
  /** Where the data set lies, relative to the project or absolute */
  folder: z.string().min(1),
  /** Some of its modalities; all when they are not said */
  modalities: z.array(z.string()).min(1).optional(),
  /** Where validation comes from; `test` as in the references */
  validation: z.enum(validationSources).optional(),
  /** Decides what becomes validation where it is a part of training */
  seed: z.int().min(0).default(1),
};

/** What is told apart: Unicode's 100 subgroups, or its 10 groups */
const emojiLabels = z.enum(['subgroup', 'group']).default('subgroup');
/** Probability that a word is hidden in training */
const wordDropout = share.default(0.3);
/** What a network without projection sees in the place of a missing image */
const missingImage = z.enum(missingImages).default('ones');

const dataSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('emoji'), labels: emojiLabels, wordDropout }),
  z.strictObject({
    name: z.literal('emojiPairs'),
    labels: emojiLabels,
    wordDropout,
    text: z.enum(pairTexts).default('name'),
    /** Whose drawings */
    picture: z.enum(['openmoji', 'twemoji']).default('twemoji'),
    missingImage,
  }),
  z.strictObject({
    name: z.literal('food101'),
    /** Where the data set lies, relative to the project or absolute */
    folder: z.string().min(1),
    layout: z.enum(['raw', 'arrow']),
    /** BERT's vocab.txt */
    vocabulary: z.string().min(1),
    /** L, word pieces of every text */
    textLength: count.default(512),
    /** The shorter side of images, in pixels */
    imageSize: count.default(384),
    /** The reference's, or resized to a square: a constant number of tokens, which projections need */
    shape: z.enum(['aspect', 'square']).default('square'),
    missingImage,
  }),
  z.strictObject({
    name: z.literal('syntheticSentiment'),
    /** How long sequences are */
    size: z
      .enum(Object.keys(sentimentProcesses) as [SentimentSize, ...SentimentSize[]])
      .default('workbook'),
    /** Decides codebooks and clips */
    seed: z.int().min(0).default(1),
    /** How many; by default as many as CMU-MOSI has */
    clips: z
      .strictObject({
        train: count.default(mosiCounts.train),
        validation: count.default(mosiCounts.validation),
        test: count.default(mosiCounts.test),
      })
      .prefault({}),
  }),
  z.strictObject({
    name: z.literal('mosi'),
    /** MMSA's or MulT's pickle, relative to the project or absolute */
    file: z.string().min(1),
    layout: z.enum(mosiLayouts).default('mmsa'),
  }),
  z.strictObject({
    name: z.literal('scenes'),
    modalities: z
      .array(z.enum(sceneModalities))
      .min(1)
      .default([...sceneModalities]),
    /** Of images, in pixels */
    height: side.default(64),
    width: side.default(64),
    /** Decides every scene */
    seed: z.int().min(0).default(1),
    /** How many */
    scenes: z
      .strictObject({
        train: count.default(sceneCounts.train),
        validation: count.default(sceneCounts.validation),
        test: count.default(sceneCounts.test),
      })
      .prefault({}),
  }),
  z.strictObject({
    name: z.literal('mcubes'),
    ...imageFiles,
    /** Sides of the squares that training cuts out, and of those of evaluation */
    size: cutSide.default(512),
    evaluationSize: cutSide.default(1024),
  }),
  z.strictObject({
    name: z.literal('nyudv2'),
    ...imageFiles,
    height: cutSide.default(480),
    width: cutSide.default(640),
  }),
  z.strictObject({
    name: z.literal('fmb'),
    ...imageFiles,
    /** The reference's, in which the sides are exchanged */
    height: cutSide.default(800),
    width: cutSide.default(600),
  }),
]);

const { attention, ...rates } = multMosi.dropout;
/** Rates of dropout, as `MultDropout` says */
const multDropout = z.strictObject({
  textFeatures: belowOne.default(rates.textFeatures),
  attention: z
    .strictObject({
      text: belowOne.default(attention.text),
      audio: belowOne.default(attention.audio),
      vision: belowOne.default(attention.vision),
    })
    .prefault({}),
  memoryAttention: belowOne.default(rates.memoryAttention),
  embedding: belowOne.default(rates.embedding),
  hidden: belowOne.default(rates.hidden),
  residual: belowOne.default(rates.residual),
  head: belowOne.default(rates.head),
});

const modelSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('smallVilt'),
    width: count.default(64),
    heads: count.default(4),
    layers: count.default(2),
    mlpRatio: count.default(2),
    patch: count.default(16),
  }),
  z.strictObject({
    name: z.literal('vilt'),
    width: count.default(64),
    heads: count.default(4),
    layers: count.default(2),
    mlpRatio: count.default(2),
    patch: count.default(16),
    head: z.enum(['linear', 'mlp']).default('mlp'),
    /** safetensors with the weights that it starts from, by Hugging Face's names or the original ones */
    weights: z.string().min(1).optional(),
  }),
  z.strictObject({
    name: z.literal('mult'),
    width: count.default(32),
    heads: count.default(4),
    layers: count.default(2),
    /** Time steps of the window of each modality's convolution */
    kernel: count.default(3),
    /** In training; MMSA's rates by default */
    dropout: multDropout.prefault({}),
  }),
  z.strictObject({ name: z.literal('tfn') }),
  z.strictObject({ name: z.literal('lmf'), rank: count.default(lmfMosi.rank) }),
  z.strictObject({
    name: z.literal('cmnext'),
    /** d of each stage; that of the first is the width of tokens */
    embedDims: stages.default([16, 32, 48, 64]),
    depths: stages.default([1, 1, 1, 1]),
    heads: stages.default([1, 2, 3, 4]),
    /** Keys and values of self-attention are made of patches of so many cells by so many */
    srRatios: stages.default([8, 4, 2, 1]),
    decoderDim: count.default(64),
    /** In training: the rate at which the last block of the trunk is left out; those before it less */
    dropPath: belowOne.default(0.1),
    /** In training, of the channels that are classified */
    headDropout: belowOne.default(0.1),
    /** The share of a batch in running statistics; less where batches lack different modalities */
    batchNormMomentum: positive.max(1).default(0.1),
    /** Whether maps are handed on as the reference does it, which its weights of three modalities or more need */
    layoutSlip: z.boolean().default(false),
    /** Whether training computes blocks and fusions a second time, to keep less of them in memory */
    recompute: z.boolean().default(false),
    /** safetensors with the weights that it starts from: of the reference, or MiT's of its RGB trunk */
    weights: z.string().min(1).optional(),
  }),
]);

const adaptationSchema = z.discriminatedUnion('kind', [
  /** Of the features behind every layer */
  z.strictObject({ kind: z.literal('scaleShift') }),
  /** Of every linear map's weights */
  z.strictObject({ kind: z.literal('lowRank'), rank: count.default(1) }),
]);

const promptsSchema = z.strictObject({
  /** Beside keys and values, or in front of the sequence */
  level: z.enum(['attention', 'input']),
  /** Tokens of a layer */
  length: count.default(16),
  /** The first so many layers have prompts; half of them when it is not said, as in the paper */
  layers: count.optional(),
});

export const mmpSchema = z.strictObject({
  /** H; the base network's when it is not said */
  heads: count.optional(),
  /** Width inside Eq. 6; d when it is not said (D4) */
  hidden: count.optional(),
  /** L, aggregated tokens per modality */
  aggregated: count.default(8),
  // Tokens are layer-normalised: questions of the same size differ from the start (notebook 3).
  aggregatedDeviation: positive.default(1),
  /** D1 */
  refine: z.enum(['tokens', 'aggregated']).default('tokens'),
  /** D7 */
  residual: z.boolean().default(true),
  preNorm: z.boolean().default(false),
});

const maskingSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('uniform') }),
  z.strictObject({
    kind: z.literal('independent'),
    probability: z.record(z.string(), share),
  }),
  z.strictObject({
    kind: z.literal('scenarios'),
    masked: z.array(z.array(z.string())).min(1),
  }),
  z.strictObject({
    /** Every training sample lacks the same in every epoch, as in Lee et al. (2023) */
    kind: z.literal('table'),
    shares: z
      .array(z.strictObject({ missing: z.array(z.string()).min(1), share }))
      .min(1)
      .optional(),
    /** Instead of shares: a table of the reference for the training split, converted to safetensors */
    file: z.string().min(1).optional(),
  }),
]);

const lossSchema = z.strictObject({
  /** By default cross-entropy for classes, and for a number its absolute error */
  task: z.enum(['crossEntropy', 'ohemCrossEntropy', 'l1']).optional(),
  /** λ (D6); with 1 the tokens of emoji hardly align, the exercise of notebook 8 shows it */
  alignment: z.number().min(0).optional(),
});

const optimiserSchema = z.strictObject({
  /** The highest rate of the base network */
  learningRate: positive.default(2e-3),
  /** The rate of what projects tokens, as a multiple of the base network's */
  projectorRate: positive.default(1),
  betas: z.tuple([belowOne, belowOne]).default([0.9, 0.999]),
  epsilon: positive.default(1e-8),
  /** Of parameters with more than one axis */
  weightDecay: z.number().min(0).default(0.02),
  clipping: z
    .strictObject({
      kind: z.enum(['value', 'norm']),
      limit: positive,
    })
    .optional(),
  accumulation: z
    .strictObject({
      /** Batches of one update */
      batches: count,
      /** Adds the gradients up, as MMSA does for MulT, instead of taking their mean */
      sum: z.boolean().default(false),
      /** Clips after every batch what has come together so far, instead of once before the update */
      clipEach: z.boolean().default(false),
    })
    .optional(),
});

const scheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('polynomial'),
    /** Share of the steps in which the rate rises */
    warmup: belowOne.default(0.1),
    /** Share of the highest rate that the warm-up starts from */
    start: share.default(0.1),
    power: positive.default(0.9),
  }),
  z.strictObject({ kind: z.literal('linear'), warmup: belowOne.default(0.1) }),
  z.strictObject({ kind: z.literal('constant') }),
  z.strictObject({
    kind: z.literal('plateau'),
    factor: z.number().positive().lt(1).default(0.1),
    /** Validations without a better loss that are waited for */
    patience: z.int().min(0).default(5),
  }),
]);

const budgetSchema = z.strictObject({
  steps: count.default(500),
  batchSize: count.default(32),
  /** Steps between two checkpoints */
  checkpointEvery: count.default(100),
  /** How many checkpoints are kept; the one before the last is for when the last is damaged */
  keepCheckpoints: z.int().min(2).default(2),
  /** Steps between two validations; none while training when it is not said */
  validateEvery: count.optional(),
  /** Validate with nothing missing, or with every set of available modalities */
  validateOn: z.enum(['full', 'all']).default('full'),
  /** Whether the run ends with the parameters of its last step, or with those of its best validation */
  keep: z.enum(['last', 'best']).default('last'),
});

export const runSchema = z.strictObject({
  data: dataSchema.prefault({ name: 'emoji' }),
  model: modelSchema.prefault({ name: 'smallVilt' }),
  method: z.enum(methods),
  /** What tables and figures call it; also names its random streams. The method, when it is not said */
  label: z.string().min(1).optional(),
  /** Another run, whose base network this one starts from */
  from: z.string().min(1).optional(),
  /** Whether the base network stays as it is, all of it or all but what makes logits of its tokens */
  freezeBase: z.union([z.boolean(), z.literal('exceptHead')]).optional(),
  mmp: mmpSchema.optional(),
  prompts: promptsSchema.optional(),
  adaptation: adaptationSchema.optional(),
  masking: maskingSchema.optional(),
  loss: lossSchema.prefault({}),
  optimiser: optimiserSchema.prefault({}),
  schedule: scheduleSchema.prefault({ kind: 'polynomial' }),
  budget: budgetSchema.prefault({}),
  seed: z.int().min(0).default(1),
  /** The fastest that runs, when it is not said */
  backend: z.enum(backendRequests).optional(),
});
