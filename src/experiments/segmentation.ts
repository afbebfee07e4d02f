/** Segmentation in runs: data sets of images, CMNeXt for them, and the weights that it starts from. */
import type { SegmentationDataset } from '../data/dataset.js';
import { loadFmb } from '../data/fmb/fmb.js';
import { loadMcubes } from '../data/mcubes/mcubes.js';
import { loadNyudv2 } from '../data/nyudv2/nyudv2.js';
import { generateScenes } from '../data/scenes/scenes.js';
import { inProject } from '../files/paths.js';
import { readSafetensors } from '../files/safetensors.js';
import type { BaseNetwork } from '../models/base.js';
import { Cmnext } from '../models/cmnext/cmnext.js';
import { loadCmnextWeights, loadTrunkWeights } from '../models/cmnext/weights.js';
import type { RunConfig } from './config.js';
import { imagesKept } from './imagesKept.js';

/** Of which CMNeXt reads the images */
export type SegmentationData = Extract<
  RunConfig['data'],
  { readonly name: 'scenes' | 'mcubes' | 'nyudv2' | 'fmb' }
>;
type CmnextModel = Extract<RunConfig['model'], { readonly name: 'cmnext' }>;

/** @throws Error naming the file or list that is absent or damaged */
export function loadSegmentation(data: SegmentationData, config: RunConfig): SegmentationDataset {
  if (data.name === 'scenes') return generateScenes(data);
  const folder = inProject(data.folder);
  const options = { ...data, samplesKept: imagesKept(config) };
  switch (data.name) {
    case 'mcubes':
      return loadMcubes(folder, { ...options, size: data.size });
    case 'nyudv2':
      return loadNyudv2(folder, { ...options, size: imageOf(data) });
    case 'fmb':
      return loadFmb(folder, { ...options, size: imageOf(data) });
  }
}

/** The size of the images that are trained on. */
const imageOf = (data: SegmentationData) =>
  data.name === 'mcubes'
    ? { height: data.size, width: data.size }
    : { height: data.height, width: data.width };

/** An untrained network for the data set, whose first modality has the trunk. */
export function cmnextBase(
  { modalities, classes }: SegmentationDataset,
  data: SegmentationData,
  model: CmnextModel,
  seed: number,
): Cmnext {
  return new Cmnext({ ...model, modalities, classes: classes.length, image: imageOf(data) }, seed);
}

/**
 * Loads a file of weights into a network: all that the reference saved of a CMNeXt, or a Mix Transformer from ImageNet
 * into the trunk alone.
 *
 * @throws Error when the network is another one, or naming the tensors that do not fit; it is unchanged then
 */
export function loadCmnextFile(network: BaseNetwork, file: string): void {
  if (!(network instanceof Cmnext)) throw new Error('the base network is no Cmnext');
  const { tensors } = readSafetensors(file);
  const isWhole = [...tensors.keys()].some((name) => name.startsWith('decode_head.'));
  if (isWhole) loadCmnextWeights(network, tensors);
  else loadTrunkWeights(network, tensors);
}
