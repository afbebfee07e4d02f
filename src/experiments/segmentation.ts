/** Segmentation in runs: CMNeXt for the images of a data set, and the weights that it starts from. */
import type { RunConfig } from './config.js';
import type { SegmentationDataset } from '../data/dataset.js';
import { readSafetensors } from '../files/safetensors.js';
import { Cmnext } from '../models/cmnext/cmnext.js';
import { loadCmnextWeights, loadTrunkWeights } from '../models/cmnext/weights.js';

/** Of which CMNeXt reads the images */
export type SegmentationData = Extract<RunConfig['data'], { readonly height: number }>;
type CmnextModel = Extract<RunConfig['model'], { readonly name: 'cmnext' }>;

/** An untrained network for the data set, whose first modality has the trunk. */
export function cmnextBase(
  dataset: SegmentationDataset,
  { height, width }: SegmentationData,
  model: CmnextModel,
  seed: number,
): Cmnext {
  const { modalities, classes } = dataset;
  return new Cmnext({ ...model, modalities, classes: classes.length, image: { height, width } }, seed);
}

/**
 * Loads a file of weights into a network: all that the reference saved of a CMNeXt, or a Mix Transformer from ImageNet
 * into the trunk alone.
 *
 * @throws Error naming the tensors that do not fit; the network is unchanged then
 */
export function loadCmnextFile(network: Cmnext, file: string): void {
  const { tensors } = readSafetensors(file);
  const isWhole = [...tensors.keys()].some((name) => name.startsWith('decode_head.'));
  if (isWhole) loadCmnextWeights(network, tensors);
  else loadTrunkWeights(network, tensors);
}
