/**
 * Evaluations side by side: as Markdown with intervals and paired differences to the first, and as a figure.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Task } from '../data/dataset.js';
import type { Figure } from '../figures/figure.js';
import { heatmap } from '../figures/heatmap.js';
import { Bootstrap, type Interval } from './bootstrap.js';
import { missingRows, statisticOf, type Evaluation, type EvaluationRow } from './evaluation.js';
import type { Metric } from './metrics.js';
import { multiScaleText } from './multiScale.js';
import { commonTask, metricsOf } from './taskMetrics.js';

/** An evaluation and the run that it is of. */
export interface Evaluated {
  readonly name: string;
  readonly evaluation: Evaluation;
}

const absent = '–';
const meanName = 'mean where something is missing';

/**
 * A Markdown table by metric: a line by scenario and missing table, a column by run, and a column by run but the
 * first with what it differs from the first by. Differences are paired: they are there where both runs were
 * evaluated on the same samples, of which the same lack the same.
 *
 * @param metrics by default, those of the runs' task
 * @throws Error when there is nothing to report, or not all runs have the same task
 */
export function evaluationReport(
  runs: readonly Evaluated[],
  metrics: readonly Metric[] = metricsOf(taskOf(runs)),
): string {
  const [first, ...others] = expectSome(runs);
  const bootstrap = new Bootstrap(first.evaluation.samples.length, first.evaluation);
  const parts = metrics.map((metric) => {
    const scale = metric.isShare ? 'in per cent, ' : '';
    const better = metric.higherIsBetter ? 'higher is better' : 'lower is better';
    const header = [
      'available',
      ...runs.map(({ name }) => name),
      ...others.map(({ name }) => `${name} − ${first.name}`),
    ];
    const lines = rowNames(runs).map((row) => [
      row,
      ...runs.map(({ evaluation }) => text(metric, valueOf(evaluation, row, metric))),
      ...others.map((other) =>
        text(metric, difference(bootstrap, first.evaluation, other.evaluation, row, metric), true),
      ),
    ]);
    const caution = metric.caution === undefined ? '' : `\n\n${metric.caution}`;
    return `## ${metric.name} (${scale}${better})\n\n${markdownTable(header, lines)}${caution}`;
  });
  return `${[...parts, legend(runs)].join('\n\n')}\n`;
}

/** What the numbers were measured on. */
function legend(runs: readonly Evaluated[]): string {
  const sentences = runs.map(({ evaluation }) => {
    const { samples, resamples, confidence } = evaluation;
    const interval = `${Number((100 * confidence).toPrecision(12))} % bootstrap intervals`;
    return `${samples.length} samples of ${measuredOn(evaluation)}; in brackets ${interval} (${resamples} resamples).`;
  });
  const different = new Set(sentences);
  if (different.size === 1) return sentences[0]!;
  return sentences.map((sentence, run) => `${runs[run]!.name}: ${sentence}`).join('\n');
}

/**
 * A metric as a heat map, runs × scenarios and tables that all runs have, with values in the cells.
 *
 * @param metric by default, the primary one of the runs' task
 * @throws Error when there is nothing to draw, or not all runs have the same task
 */
export function evaluationFigure(
  runs: readonly Evaluated[],
  metric: Metric = metricsOf(taskOf(runs))[0],
): Figure {
  const [{ evaluation: first }] = expectSome(runs);
  const columns = rowNames(runs).filter((row) =>
    runs.every(({ evaluation }) => valueOf(evaluation, row, metric)),
  );
  const factor = metric.isShare ? 100 : 1;
  const values = runs.map(({ evaluation }) =>
    columns.map((row) => factor * valueOf(evaluation, row, metric)!.value),
  );
  const unit = metric.isShare ? ' in per cent' : '';
  return heatmap([{ values }], {
    title: `${measuredOn(first)}: ${metric.name}${unit} by run and available modalities`,
    rowTitle: '',
    columnTitle: 'available',
    rows: runs.map(({ name }) => name),
    columns,
    decimals: decimals(metric),
    width: 900,
    height: 420,
  });
}

function measuredOn({ dataset, split, multiScale }: Evaluation): string {
  return [dataset, split, ...(multiScale ? [multiScaleText(multiScale)] : [])].join(', ');
}

/** @throws Error when not all runs have the same task */
export function taskOf(runs: readonly Evaluated[]): Task | undefined {
  return commonTask(runs.map(({ name, evaluation: { task } }) => ({ name, task })));
}

function expectSome(runs: readonly Evaluated[]): [Evaluated, ...Evaluated[]] {
  const [first, ...others] = runs;
  if (!first) throw new Error('evaluation report: there is no run');
  taskOf(runs);
  return [first, ...others];
}

/** The names of all runs' rows, those of the first first; then that of the mean. */
function rowNames(runs: readonly Evaluated[]): string[] {
  const names = runs.flatMap(({ evaluation }) => evaluation.rows.map(({ name }) => name));
  return [...new Set(names), meanName];
}

function valueOf(evaluation: Evaluation, name: string, metric: Metric): Interval | undefined {
  if (name === meanName) return evaluation.meanOverMissing[metric.name];
  return evaluation.rows.find((row) => row.name === name)?.metrics[metric.name];
}

/** The other's metric less the first's, paired by sample; undefined where their samples are no pairs. */
function difference(
  bootstrap: Bootstrap,
  first: Evaluation,
  other: Evaluation,
  name: string,
  metric: Metric,
): Interval | undefined {
  if (![first, other].every((evaluation) => valueOf(evaluation, name, metric))) return undefined;
  const [rows, otherRows] = [rowsOf(first, name), rowsOf(other, name)];
  if (!isDeepStrictEqual(conditions(first, rows), conditions(other, otherRows))) return undefined;
  const before = statisticOf(metric, rows);
  const after = statisticOf(metric, otherRows);
  return bootstrap.interval((samples) => after(samples) - before(samples));
}

/** The rows that a line of the report is computed from. */
function rowsOf(evaluation: Evaluation, name: string): readonly EvaluationRow[] {
  if (name === meanName) return missingRows(evaluation);
  return evaluation.rows.filter((row) => row.name === name);
}

/** All that two evaluations must have in common for their samples to be pairs. */
function conditions(evaluation: Evaluation, rows: readonly EvaluationRow[]) {
  const { dataset, modalities, classes, split, samples, seed } = evaluation;
  const lacking = rows.map((row) =>
    'table' in row ? { table: row.table, seed } : { available: row.available },
  );
  return { dataset, modalities, classes, split, samples, lacking };
}

const decimals = ({ isShare }: Metric) => (isShare ? 1 : 3);

function text(metric: Metric, interval: Interval | undefined, signed = false): string {
  if (!interval) return absent;
  const digits = decimals(metric);
  const format = new Intl.NumberFormat('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    useGrouping: false,
    signDisplay: 'exceptZero',
  });
  const number = (value: number) => {
    const shown = format.format(metric.isShare ? 100 * value : value).replace('-', '−');
    return signed ? shown : shown.replace('+', '');
  };
  const { value, low, high } = interval;
  return `${number(value)} [${number(low)}, ${number(high)}]`;
}

/** Rows under a header; the first column to the left, the others, which are numbers, to the right. */
function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = header.map((_, column) => (column === 0 ? '---' : '--:'));
  return [header, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
