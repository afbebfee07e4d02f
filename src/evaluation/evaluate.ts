/** Measures a method with every non-empty set of available modalities, and under missing tables. */
import type { Dataset, SplitName } from '../data/dataset.js';
import { throwIfInterrupted } from '../interruption.js';
import { Bootstrap, type Interval } from './bootstrap.js';
import { contributionsIn } from './contributions.js';
import { missingRows, statisticOf, type Evaluation, type EvaluationRow } from './evaluation.js';
import { inGroups } from './inGroups.js';
import type { Metric } from './metrics.js';
import { drawMissing, type MissingTable } from './missingTables.js';
import { multiScalePredictor, type MultiScale } from './multiScale.js';
import type { Predictor } from './predictors.js';
import { allScenarios } from './scenarios.js';
import { metricsOf } from './taskMetrics.js';

export interface EvaluationOptions {
  readonly split: SplitName;
  /** Decides which samples lack what in tables, and the draws of the intervals */
  readonly seed: number;
  readonly tables?: readonly MissingTable[];
  /** Default: those of the data set's task */
  readonly metrics?: readonly Metric[];
  /** How often a bootstrap draws samples; default 1000 */
  readonly resamples?: number;
  /** Default 0.95 */
  readonly confidence?: number;
  /** Of segmentations: at which sizes pixels are classified; by default once, in the images as they are */
  readonly multiScale?: MultiScale;
}

/**
 * Measures a method on a split of a data set.
 *
 * @throws Error when two rows have the same name, or several sizes are asked for of another task than segmentation, and
 *   the interruption's reason, between two batches
 */
export async function evaluateScenarios(
  predictor: Predictor,
  dataset: Dataset,
  options: EvaluationOptions,
): Promise<Evaluation> {
  const { name, modalities, classes, task = 'classification' } = dataset;
  const { split, seed, tables = [], metrics = metricsOf(task) } = options;
  const { resamples = 1000, confidence = 0.95, multiScale } = options;
  const asked = multiScale ? atScales(predictor, dataset, multiScale) : predictor;
  const samples = dataset.splits[split];
  const scenarios = allScenarios(modalities);
  expectDifferent([...scenarios, ...tables].map(({ name }) => name));

  const bootstrap = new Bootstrap(samples.length, { seed, resamples, confidence });
  const intervals = (rows: readonly Pick<EvaluationRow, 'contributions'>[]) =>
    byMetric(metrics, (metric): Interval => {
      throwIfInterrupted();
      return bootstrap.interval(statisticOf(metric, rows));
    });
  const answersTo = (some: readonly number[], masked: readonly string[]) =>
    contributionsIn(asked, dataset, some, masked, metrics);
  const measure = (row: string, bySample: readonly (readonly (readonly number[])[])[]) => {
    const contributions = byMetric(metrics, (metric) => {
      const place = metrics.indexOf(metric);
      return bySample.map((own) => own[place]!);
    });
    return { name: row, metrics: intervals([{ contributions }]), contributions };
  };

  const rows: EvaluationRow[] = [];
  for (const { name: scenario, available, masked } of scenarios) {
    rows.push({ ...measure(scenario, await answersTo(samples, masked)), available });
  }
  for (const table of tables) {
    const missing = drawMissing(table, samples.length, seed);
    const bySample = await inGroups(dataset, samples, missing, answersTo);
    rows.push({ ...measure(table.name, bySample), table: table.shares });
  }
  const evaluated = { dataset: name, task, modalities, classes, split, samples, rows };
  const meanOverMissing = intervals(missingRows(evaluated));
  const protocol = multiScale ? { multiScale } : {};
  return { ...evaluated, ...protocol, seed, resamples, confidence, meanOverMissing };
}

function atScales(predictor: Predictor, dataset: Dataset, multiScale: MultiScale): Predictor {
  if (dataset.task === 'segmentation') return multiScalePredictor(predictor, dataset, multiScale);
  const { name, task = 'classification' } = dataset;
  throw new Error(`evaluateScenarios: multiScale is for segmentations, and ${name} is a ${task}`);
}

function byMetric<T>(metrics: readonly Metric[], of: (metric: Metric) => T): Record<string, T> {
  return Object.fromEntries(metrics.map((metric) => [metric.name, of(metric)]));
}

function expectDifferent(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`evaluateScenarios: two rows are named "${twice}"`);
}
