/** Modalities and changes of the data sets that come as pictures of bytes: NYUDv2 and FMB. */
import type { Stream } from '../../tensor/random.js';
import type { PictureSize } from '../images/picture.js';
import { forEvaluation, forTraining } from './deliver.js';
import type { ModalityFiles } from './files.js';
import type { LabelledRasters } from './raster.js';
import { readColours } from './read.js';

/** A picture for each sample, of bytes divided by 255; `colours` are normalised as ImageNet's. */
export function byteModality(
  file: (name: string) => string,
  kind: 'colours' | 'measured',
): ModalityFiles {
  return {
    files: (name) => [file(name)],
    read: readColours,
    normalisation: { channels: [0, 1, 2], whole: 255, isColour: kind === 'colours' },
  };
}

/**
 * How samples are changed for training and for evaluation.
 *
 * @param colour the modality of which colours are changed and which is blurred
 */
export const byteChanges = (colour: string, size: PictureSize) => ({
  forTraining: (sample: LabelledRasters, random: Stream) =>
    forTraining(sample, colour, size, random),
  forEvaluation: (sample: LabelledRasters) => forEvaluation(sample, size.height),
});
