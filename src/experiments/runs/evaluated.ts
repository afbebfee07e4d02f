/** Runs by what `mmp evaluate` measured of them on the test split, to be compared by one metric. */
import path from 'node:path';
import type { Evaluation } from '../../evaluation/evaluation.js';
import { taskOf } from '../../evaluation/evaluationReport.js';
import type { Metric } from '../../evaluation/metrics.js';
import { summarise } from '../../evaluation/statistics.js';
import { metricsOf } from '../../evaluation/taskMetrics.js';
import { readEvaluation } from '../evaluateRun.js';
import { readRunConfig } from '../trainRun.js';
import { missing } from './compare.js';
import type { ComparedRun } from './groups.js';

export interface EvaluatedRuns {
  readonly compared: readonly ComparedRun[];
  readonly metric: Metric;
}

/**
 * @param runs the folder of all runs
 * @param wanted the name of a metric; the primary one of the runs' task, if not said
 * @throws Error when a run was not evaluated, not all have the same task, or there is no such metric
 */
export function readEvaluated(
  runs: string,
  names: readonly string[],
  wanted?: string,
): EvaluatedRuns {
  const evaluated = names.map((name) => {
    return { name, evaluation: readEvaluation(path.join(runs, name), 'test') };
  });
  const metric = metricNamed(wanted, metricsOf(taskOf(evaluated)));
  const compared = evaluated.map(({ name, evaluation }) => {
    const lacking = evaluation.rows.find(({ metrics }) => !metrics[metric.name]);
    if (lacking) {
      throw new Error(`${name} was evaluated without ${metric.name}; run "mmp evaluate" again`);
    }
    const config = readRunConfig(path.join(runs, name));
    return { name, config, scores: scoresOf(evaluation, metric) };
  });
  return { compared, metric };
}

function metricNamed(name: string | undefined, metrics: readonly [Metric, ...Metric[]]): Metric {
  const metric = name === undefined ? metrics[0] : metrics.find((one) => one.name === name);
  if (metric) return metric;
  const known = metrics.map((one) => one.name).join(', ');
  throw new Error(`--metric: there is no "${name}" among ${known}`);
}

/** A metric by row, and its means over the rows in which something is missing. */
function scoresOf({ rows, meanOverMissing }: Evaluation, { name }: Metric): Record<string, number> {
  const scores = Object.fromEntries(rows.map((row) => [row.name, row.metrics[name]!.value]));
  const tables = rows.filter((row) => 'table' in row && row.table.length > 0);
  const ofTables = tables.map((table) => scores[table.name]!);
  return {
    ...scores,
    [missing]: meanOverMissing[name]!.value,
    ...(tables.length > 0 ? { 'mean of the missing tables': summarise(ofTables).mean } : {}),
  };
}
