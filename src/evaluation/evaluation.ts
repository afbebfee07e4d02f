/** What an evaluation is: plain JSON, with all that a comparison with another one needs. */
import { z } from 'zod';
import { splitNames, tasks } from '../data/dataset.js';
import type { Statistic } from './bootstrap.js';
import { columnsOf, type Metric } from './metrics.js';

const names = z.array(z.string()).readonly();

/** A metric, and the limits of its bootstrap interval */
const intervalSchema = z.strictObject({ value: z.number(), low: z.number(), high: z.number() });

const measured = {
  /** What tables and figures call it */
  name: z.string(),
  /** By metric */
  metrics: z.record(z.string(), intervalSchema),
  /** By metric: what each sample contributes to it, in the order of `samples` */
  contributions: z.record(z.string(), z.array(z.array(z.number()).readonly()).readonly()),
};

/** All samples have these modalities and no others. */
const scenarioRowSchema = z.strictObject({ ...measured, available: names });

/** Each sample lacks what a missing table says. */
const tableRowSchema = z.strictObject({
  ...measured,
  table: z.array(z.strictObject({ missing: names, share: z.number() })).readonly(),
});

export const evaluationSchema = z.strictObject({
  dataset: z.string(),
  /** Evaluations were of classifications alone before they said it. */
  task: z.enum(tasks).default('classification'),
  modalities: names,
  /** What is told apart: one data set can be labelled in several ways; a regression has none */
  classes: names,
  split: z.enum(splitNames),
  /** Where pixels were classified at several sizes or in a mirror */
  multiScale: z
    .strictObject({ scales: z.array(z.number()).readonly(), flip: z.boolean() })
    .optional(),
  /** Which samples of the data set */
  samples: z.array(z.int()).readonly(),
  /** Decides which samples lack what in tables, and the draws of the intervals */
  seed: z.int(),
  resamples: z.int(),
  confidence: z.number(),
  rows: z.array(z.union([scenarioRowSchema, tableRowSchema])).readonly(),
  /** By metric: the mean over the scenarios in which something is missing */
  meanOverMissing: z.record(z.string(), intervalSchema),
});

export type Evaluation = z.infer<typeof evaluationSchema>;
export type EvaluationRow = Evaluation['rows'][number];

/** The rows of scenarios in which something is missing. */
export function missingRows({ rows, modalities }: Pick<Evaluation, 'rows' | 'modalities'>) {
  return rows.filter((row) => 'available' in row && row.available.length < modalities.length);
}

/**
 * A metric, the mean over rows where there are several, as a function of the samples that it is computed of.
 *
 * @returns what `bootstrapInterval` resamples: the number, of places in the evaluation's `samples`
 */
export function statisticOf(
  metric: Metric,
  rows: readonly Pick<EvaluationRow, 'contributions'>[],
): Statistic {
  const measured = rows.map(({ contributions }) => columnsOf(contributions[metric.name]!));
  return (samples) => {
    const values = measured.map((columns) => metric.combine(columns, samples));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
}
