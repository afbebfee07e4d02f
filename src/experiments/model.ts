/** The data set and the networks that a configuration names. */
import { Adaptation } from '../baselines/adaptation.js';
import { LinearProjection } from '../baselines/linearProjection.js';
import { MissingAwarePrompts } from '../baselines/missingAwarePrompts.js';
import type { Dataset, SegmentationDataset } from '../data/dataset.js';
import { EmojiDataset, loadEmoji, type WordDropout } from '../data/emoji/emoji.js';
import { loadEmojiPairs } from '../data/emoji/emojiPairs.js';
import type { ViltSizes } from '../data/pictureAndText.js';
import { loadMosi } from '../data/mosi/mosi.js';
import { generateSentiment } from '../data/sentiment/generated.js';
import { SequenceDataset } from '../data/sentiment/sequences.js';
import { basePredictor, mmpPredictor, type Predictor } from '../evaluation/predictors.js';
import { inProject } from '../files/paths.js';
import { Mmp } from '../mmp/mmp.js';
import type { Projector } from '../mmp/projector.js';
import type { BaseNetwork, Inputs } from '../models/base.js';
import { Vilt } from '../models/vilt/vilt.js';
import type { Parameters } from '../tensor/parameters.js';
import type { ParameterParts } from '../training/runs.js';
import { projects, tokenSizesOf, type RunConfig } from './config.js';
import { emojiBase } from './emoji.js';
import { food101Of } from './food101.js';
import { ViltPretraining } from './pretraining.js';
import { cmnextBase, loadSegmentation, type SegmentationData } from './segmentation.js';
import { sequenceBase } from './sentiment.js';

/** A base network, with what projects tokens, with prompts or with an adaptation where the method has them. */
export interface Model {
  readonly base: BaseNetwork;
  readonly projector?: Projector;
  readonly prompts?: MissingAwarePrompts;
  readonly adaptation?: Adaptation;
  readonly pretraining?: ViltPretraining;
}

/** A data set that runs are trained on. */
export type RunDataset = Dataset & {
  /** What the paper's Table 3 takes together, where there are images and texts */
  readonly kinds?: { readonly image: readonly string[]; readonly text: readonly string[] };
  /** @param wordDropout in training, hides words; data sets without that ignore it */
  inputs(samples: readonly number[], wordDropout?: WordDropout): Inputs;
};

/** A data set of images and texts that ViLT reads. */
type ViltDataset = RunDataset & { readonly sizes: ViltSizes };

/** @throws Error saying what is missing or damaged, and what to do */
export function loadData(config: RunConfig): RunDataset {
  const { data } = config;
  switch (data.name) {
    case 'emoji':
      return loadEmoji(data.labels);
    case 'emojiPairs':
      return loadEmojiPairs(data.labels, data);
    case 'food101':
      return food101Of(data, config);
    case 'syntheticSentiment':
      return generateSentiment(data);
    case 'mosi':
      return loadMosi(inProject(data.file), data.layout);
    case 'scenes':
    case 'mcubes':
    case 'nyudv2':
    case 'fmb':
      return loadSegmentation(data, config);
  }
}

/** The networks, untrained but for weights that the configuration names. */
export function makeModel(config: RunConfig, dataset: RunDataset): Model {
  const { model, method, mmp, prompts, adaptation, seed } = config;
  const base = makeBase(config, dataset);
  if (method === 'pretraining') {
    return { base, pretraining: new ViltPretraining(viltOf(base), seed) };
  }
  if (prompts) {
    const vilt = viltOf(base);
    const layers = prompts.layers ?? Math.ceil(vilt.config.layers / 2);
    return { base, prompts: new MissingAwarePrompts(vilt, { ...prompts, layers }, seed) };
  }
  if (adaptation) return { base, adaptation: new Adaptation(base, adaptation, seed) };
  if (!projects(method)) return { base };
  const { modalities } = base;
  const sizes = tokenSizesOf(model);
  if (!mmp || !sizes) return { base, projector: new LinearProjection(modalities, seed) };
  const { width, heads } = sizes;
  return { base, projector: new Mmp({ modalities, width, heads, ...mmp }, seed) };
}

function makeBase({ data, model, seed }: RunConfig, dataset: RunDataset): BaseNetwork {
  switch (model.name) {
    case 'smallVilt':
      return emojiBase(expectData(dataset, EmojiDataset), model, seed);
    case 'vilt': {
      const { sizes } = dataset as ViltDataset;
      return new Vilt({ ...model, ...sizes, classes: dataset.classes.length }, seed);
    }
    case 'mult':
    case 'tfn':
    case 'lmf':
      return sequenceBase(expectData(dataset, SequenceDataset), model, seed);
    case 'cmnext':
      // Other data have other networks.
      return cmnextBase(segmentationOf(dataset), data as SegmentationData, model, seed);
  }
}

/** @throws Error when the base network is another one */
export function viltOf(base: BaseNetwork): Vilt {
  if (base instanceof Vilt) return base;
  throw new Error('the base network is no Vilt');
}

/** @throws Error when the data set is of samples with one label each */
export function segmentationOf(dataset: Dataset): SegmentationDataset {
  if (dataset.task === 'segmentation') return dataset;
  throw new Error(`the data set is no segmentation: ${dataset.name}`);
}

/** @throws Error when the data set is another one */
export function expectData<Kind extends Dataset>(
  dataset: Dataset,
  // Whatever its constructor takes.
  kind: abstract new (...of: never[]) => Kind,
): Kind {
  if (dataset instanceof kind) return dataset;
  throw new Error(`the data set is no ${kind.name} but ${dataset.name}`);
}

/** The networks of a whole run. */
export function loadModel(
  config: RunConfig,
  dataset: RunDataset,
  parameters: ParameterParts,
): Model {
  const model = makeModel(config, dataset);
  for (const [part, own] of partsOf(model)) own.load(parameters[part] ?? new Map<string, never>());
  return model;
}

/** The parameters of a model by part, as runs name them. */
export function partsOf({ base, projector, ...others }: Model): [string, Parameters][] {
  const parts = {
    base,
    ...(projector ? { [projector instanceof Mmp ? 'mmp' : 'linear']: projector } : {}),
    ...others,
  };
  return Object.entries(parts).map(([part, { parameters }]) => [part, parameters]);
}

/** @param dataset says what a missing modality looks like where nothing is projected */
export function predictorOf(model: Model, { absence }: Dataset): Predictor {
  const { base, projector, prompts, adaptation } = model;
  if (projector) return mmpPredictor(base, projector);
  return (prompts ?? adaptation)?.predictor(absence) ?? basePredictor(base, absence);
}

export function disposeModel(model: Model): void {
  for (const [, parameters] of partsOf(model)) parameters.dispose();
}
