/** Logits and accuracy of a method, by scenario. */
import type { Dataset } from '../data/dataset.js';
import { fetchedBatches } from '../data/prefetch.js';
import { tf } from '../tensor/tf.js';
import { contributionsIn } from './contributions.js';
import { inGroups } from './inGroups.js';
import { columnsOf, measure, topAccuracy } from './metrics.js';
import type { Predictor } from './predictors.js';
import type { Scenario } from './scenarios.js';
import { metricsOf } from './taskMetrics.js';

/**
 * The logits of many samples when some modalities are missing. The next batch is fetched while one is computed.
 *
 * @returns one row of C logits per sample
 * @throws NotFetched of the data set, and the interruption's or the signal's reason, between two batches
 */
export async function predictLogits(
  predictor: Predictor,
  dataset: Dataset,
  samples: readonly number[],
  masked: readonly string[],
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for await (const batch of fetchedBatches(dataset, samples)) {
    signal?.throwIfAborted();
    const logits = tf.tidy(() => predictor(dataset.inputs(batch), masked));
    const values = (await logits.data()) as Float32Array;
    const classes = logits.shape[1]!;
    logits.dispose();
    batch.forEach((_, row) => rows.push(values.slice(row * classes, (row + 1) * classes)));
  }
  return rows;
}

/**
 * The logits of many samples that each lack modalities of their own (D10). They are those of `predictLogits` but for
 * rounding: cross-attention takes the form that is cheapest for the size of a batch, and batches of groups have other
 * sizes.
 *
 * @param missing per sample, the modalities it lacks
 */
export async function predictLogitsEach(
  predictor: Predictor,
  dataset: Dataset,
  samples: readonly number[],
  missing: readonly (readonly string[])[],
): Promise<Float32Array[]> {
  return inGroups(dataset, samples, missing, (group, masked) =>
    predictLogits(predictor, dataset, group, masked),
  );
}

/** The share of samples whose largest logit is that of their class, in 0 … 1. */
export function accuracy(logits: readonly Float32Array[], labels: readonly number[]): number {
  return measure(topAccuracy, logits, labels);
}

/** Accuracy in 0 … 1 by scenario name; of a regression of sentiments the Non0 accuracy, of a segmentation mIoU. */
export type Accuracies = Readonly<Record<string, number>>;

/**
 * The accuracy of a method on samples, in each scenario: the primary metric of the data set's task. Of a regression
 * that is the Non0 accuracy, which the paper's Table 4 has, and of a segmentation the mean intersection over union.
 */
export async function accuracyByScenario(
  predictor: Predictor,
  dataset: Dataset,
  samples: readonly number[],
  scenarios: readonly Scenario[],
  signal?: AbortSignal,
): Promise<Accuracies> {
  const [metric] = metricsOf(dataset.task);
  const places = Int32Array.from(samples.keys());
  const table: Record<string, number> = {};
  for (const { name, masked } of scenarios) {
    const own = await contributionsIn(predictor, dataset, samples, masked, [metric], signal);
    table[name] = metric.combine(columnsOf(own.map(([of]) => of!)), places);
  }
  return table;
}

/** The mean over the scenarios in which something is missing: what robustness is measured by. */
export function meanOverMissing(accuracies: Accuracies, scenarios: readonly Scenario[]): number {
  const missing = scenarios.filter(({ masked }) => masked.length > 0);
  return missing.reduce((sum, { name }) => sum + accuracies[name]!, 0) / missing.length;
}
