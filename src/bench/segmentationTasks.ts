/** The training step of segmentation: CMNeXt at full size, on random pictures. */
import { ignoredLabel } from '../data/dataset.js';
import type { StoredTensor } from '../files/safetensors.js';
import { resolveConfig } from '../mmp/config.js';
import { stream, type Stream } from '../tensor/random.js';
import type { CmnextSizes } from './cmnext.js';
import type { PreparedTask } from './task.js';

export interface SegmentationSizes {
  /** B */
  readonly batch: number;
  /** Height and width of pictures, in pixels: a multiple of 32 */
  readonly size: number;
  readonly cmnext: CmnextSizes;
  /** H of MMP at stage 1, between the first convolutions and the blocks; null for the base network alone */
  readonly mmpHeads: number | null;
}

/** CMNeXt-B2 for as many classes as NYUDv2 has */
export const cmnextB2 = (modalities: readonly string[]): CmnextSizes => ({
  embed_dims: [64, 128, 320, 512],
  depths: [3, 4, 6, 3],
  heads: [1, 2, 5, 8],
  sr_ratios: [8, 4, 2, 1],
  modalities,
  decoder_dim: 512,
  num_classes: 40,
});

/** Pixels side by side of which stage 1 makes one token */
const stride = 4;

/** One label in so many is none. */
const ignoredPart = 10;

/**
 * A training step, the last modality masked: with MMP projected, and blank for the base network alone. The optimiser's
 * settings are those of CMNeXt's public code; with a higher rate what rounding leaves of gradients that should be zero,
 * of which Adam makes whole steps, is soon seen in the losses.
 *
 * @param title what is said of it before its sizes
 */
export function segmentationTask(
  name: string,
  title: string,
  { batch, size, cmnext, mmpHeads }: SegmentationSizes,
): PreparedTask {
  const names = cmnext.modalities;
  const [width] = cmnext.embed_dims as [number];
  const modalities = names.map((each) => ({ name: each, tokens: (size / stride) ** 2, width }));
  const inputs = new Map<string, StoredTensor>(
    names.map((each) => [each, picture([batch, size, size, 3], stream(1, each))]),
  );
  inputs.set('labels', labels([batch, size, size], cmnext.num_classes, stream(1, 'labels')));
  return {
    task: {
      name,
      title: `${title}: B ${batch}, ${size} × ${size}, M ${names.length}, d ${width}`,
      objective: 'segmentation',
      masked: [names.at(-1)!],
      mmp: mmpHeads === null ? null : resolveConfig({ modalities, width, heads: mmpHeads }),
      base: null,
      cmnext,
      alignmentWeight: 1,
      optimiser: { rate: 6e-5, mmpRate: 1, weightDecay: 0.01 },
    },
    inputs,
  };
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, axis) => product * axis, 1);

function picture(shape: number[], random: Stream): StoredTensor {
  return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) };
}

function labels(shape: number[], classes: number, random: Stream): StoredTensor {
  const draw = () => (random.integer(ignoredPart) === 0 ? ignoredLabel : random.integer(classes));
  return { shape, values: Int32Array.from({ length: sizeOf(shape) }, draw) };
}
