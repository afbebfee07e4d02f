/** Inputs with the labels that belong to them. */
import type { Inputs } from '../models/base.js';
import { tf } from '../tensor/tf.js';
import type { Dataset, SampleDataset } from './dataset.js';

/** Classes as int32 [B], numbers as float32 [B]. */
export function labelsOf({ labels }: SampleDataset, samples: readonly number[]): tf.Tensor {
  const values = samples.map((sample) => labels[sample]!);
  return tf.tensor1d(values, labels instanceof Int32Array ? 'int32' : 'float32');
}

/** Samples as they are evaluated, of a segmentation with the class of every pixel, int32 [B, height, width]. */
export function labelled(
  dataset: Dataset,
  samples: readonly number[],
): { inputs: Inputs; labels: tf.Tensor } {
  return dataset.task === 'segmentation'
    ? dataset.labelled(samples)
    : { inputs: dataset.inputs(samples), labels: labelsOf(dataset, samples) };
}
