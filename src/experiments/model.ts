/** The data set and the networks that a configuration names. */
import { LinearProjection } from '../baselines/linearProjection.js';
import { loadEmoji, type EmojiDataset } from '../data/emoji/emoji.js';
import { basePredictor, mmpPredictor, type Predictor } from '../evaluation/predictors.js';
import { Mmp } from '../mmp/mmp.js';
import type { Projector } from '../mmp/projector.js';
import type { BaseNetwork } from '../models/base.js';
import type { Parameters } from '../tensor/parameters.js';
import type { ParameterParts } from '../training/runs.js';
import { projects, type RunConfig } from './config.js';
import { emojiBase } from './emoji.js';

/** A base network, and what projects tokens where the method has that. */
export interface Model {
  readonly base: BaseNetwork;
  readonly projector?: Projector;
}

export function loadData({ data }: RunConfig): EmojiDataset {
  return loadEmoji(data.labels);
}

/** The networks, untrained. */
export function makeModel(config: RunConfig, dataset: EmojiDataset): Model {
  const { model, method, mmp, seed } = config;
  const base = emojiBase(dataset, model, seed);
  if (!projects(method)) return { base };
  const { modalities } = base;
  const { width, heads } = model;
  const projector = mmp
    ? new Mmp({ modalities, width, heads, ...mmp }, seed)
    : new LinearProjection(modalities, seed);
  return { base, projector };
}

/** The networks of a whole run. */
export function loadModel(
  config: RunConfig,
  dataset: EmojiDataset,
  parameters: ParameterParts,
): Model {
  const model = makeModel(config, dataset);
  for (const [part, own] of partsOf(model)) own.load(parameters[part] ?? new Map<string, never>());
  return model;
}

/** The parameters of a model by part, as runs name them. */
export function partsOf({ base, projector }: Model): [part: string, parameters: Parameters][] {
  if (!projector) return [['base', base.parameters]];
  return [
    ['base', base.parameters],
    [projector instanceof Mmp ? 'mmp' : 'linear', projector.parameters],
  ];
}

export function predictorOf({ base, projector }: Model): Predictor {
  return projector ? mmpPredictor(base, projector) : basePredictor(base);
}

export function disposeModel(model: Model): void {
  for (const [, parameters] of partsOf(model)) parameters.dispose();
}
