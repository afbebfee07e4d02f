/** A comparison of runs as people read it. */
import type { ComparedMetric, Comparison, Measured } from './compare.js';
import { valueText } from './groups.js';

/** Rows under a header, on a terminal or in Markdown. */
export type TableText = (header: readonly string[], rows: readonly (readonly string[])[]) => string;

export function compareText(comparison: Comparison, tableOf: TableText): string {
  return [...configurations(comparison, tableOf), ...scores(comparison, tableOf)].join('\n\n');
}

function configurations({ groups, differing }: Comparison, tableOf: TableText): string[] {
  if (differing.length === 0) return ['The configurations do not differ.'];
  const rows = differing.map(({ key, values }) => [
    key,
    ...values.map((value) => valueText(value ?? undefined)),
  ]);
  return [
    'In what the configurations differ:',
    tableOf(['key', ...groups.map(({ name }) => name)], rows),
  ];
}

function scores({ runs, groups, metric, rows }: Comparison, tableOf: TableText): string[] {
  if (rows.length === 0) return ['No run is whole, so there are no accuracies yet.'];
  const [first, ...others] = groups.map((group) =>
    group.runs.length > 1 ? `${group.name} (${group.runs.length} seeds)` : group.name,
  ) as [string, ...string[]];
  const header = ['available', first, ...others.flatMap((name) => [name, 'difference'])];
  const overSeeds = groups.length < runs.length;
  const mean = overSeeds ? ', mean ± standard error over seeds' : '';
  const paired = overSeeds ? ', paired by seed' : '';
  const points = metric.isShare ? ' in points' : '';
  const difference =
    others.length > 0 ? `, and the difference to ${groups[0]!.name}${points}${paired}` : '';
  return [
    `Test ${titleOf(metric)}${mean}${difference}:`,
    tableOf(
      header,
      rows.map(({ scenario, values, differences }) => [
        scenario,
        ...values.flatMap((value, group) => {
          const cell = valueCell(metric, value);
          return group === 0 ? [cell] : [cell, differenceCell(metric, differences[group]!)];
        }),
      ]),
    ),
  ];
}

/** Of shares, which are in per cent, more is better. */
function titleOf({ name, higherIsBetter, isShare }: ComparedMetric): string {
  if (isShare) return `${name} in per cent`;
  return `${name} (${higherIsBetter ? 'higher' : 'lower'} is better)`;
}

const valueCell = ({ isShare }: ComparedMetric, value: Measured) =>
  isShare ? measuredText(value, 100, 1, 'auto') : measuredText(value, 1, 3, 'auto');

/** Of shares in points; what is rounded to zero has no sign. */
const differenceCell = ({ isShare }: ComparedMetric, value: Measured) =>
  isShare ? measuredText(value, 100, 2, 'exceptZero') : measuredText(value, 1, 4, 'exceptZero');

function measuredText(
  value: Measured,
  factor: number,
  decimals: number,
  signDisplay: 'auto' | 'exceptZero',
): string {
  if (!value) return '–';
  const [minimumFractionDigits, maximumFractionDigits] = [decimals, decimals];
  const format = { minimumFractionDigits, maximumFractionDigits, signDisplay };
  const mean = (factor * value.mean).toLocaleString('en', format);
  return value.seeds > 1 ? `${mean} ± ${(factor * value.error).toFixed(decimals)}` : mean;
}

/** A table in Markdown as GitHub has it. */
export const markdownTable: TableText = (header, rows) =>
  [header, header.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
