/** What samples contribute to metrics when modalities are missing. Of their answers nothing else is kept. */
import type { Dataset } from '../data/dataset.js';
import { labelled } from '../data/labelled.js';
import { fetchedBatches } from '../data/prefetch.js';
import { tf } from '../tensor/tf.js';
import type { Metric, Prediction, Target } from './metrics.js';
import type { Predictor } from './predictors.js';

/**
 * The contributions of samples that all lack the same. The next batch is fetched while one is computed.
 *
 * @returns of each sample, to each metric
 * @throws Error when there are no samples, NotFetched of the data set, and the interruption's or the signal's reason, between two batches
 */
export async function contributionsIn(
  predictor: Predictor,
  dataset: Dataset,
  samples: readonly number[],
  masked: readonly string[],
  metrics: readonly Metric[],
  signal?: AbortSignal,
): Promise<(readonly number[])[][]> {
  if (samples.length === 0) throw new Error(`${dataset.name}: no samples to be measured`);
  const all: (readonly number[])[][] = [];
  for await (const batch of fetchedBatches(dataset, samples)) {
    signal?.throwIfAborted();
    const [answers, labels, classes] = tf.tidy(() => {
      const { inputs, labels } = labelled(dataset, batch);
      const logits = predictor(inputs, masked);
      // Of pixels only the class is read: logits are as many times more numbers as there are classes.
      const answers = logits.rank > 2 ? tf.argMax(logits, -1) : logits;
      return [answers, labels, logits.shape.at(-1)!];
    });
    const [answered, truths] = await Promise.all([rowsOf(answers), rowsOf(labels)]);
    tf.dispose([answers, labels]);
    answered.forEach((row, index) => {
      const prediction: Prediction = row instanceof Int32Array ? { pixels: row, classes } : row;
      const truth = truths[index]!;
      const target: Target = labels.rank > 1 ? (truth as Int32Array) : truth[0]!;
      all.push(metrics.map((metric) => metric.contribution(prediction, target)));
    });
  }
  return all;
}

/** The numbers of each sample of a batch. */
async function rowsOf(tensor: tf.Tensor): Promise<(Float32Array | Int32Array)[]> {
  const values = (await tensor.data()) as Float32Array | Int32Array;
  const count = tensor.shape[0];
  const each = values.length / count;
  return Array.from({ length: count }, (_, row) => values.slice(row * each, (row + 1) * each));
}
