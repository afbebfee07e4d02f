/** A comparison of runs as people read it. */
import type { Comparison, Measured } from './compare.js';
import { valueText } from './groups.js';

/** Rows under a header, on a terminal or in Markdown. */
export type TableText = (header: readonly string[], rows: readonly (readonly string[])[]) => string;

export function compareText(comparison: Comparison, tableOf: TableText): string {
  return [...configurations(comparison, tableOf), ...accuracies(comparison, tableOf)].join('\n\n');
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

function accuracies({ runs, groups, accuracies: rows }: Comparison, tableOf: TableText): string[] {
  if (rows.length === 0) return ['No run is whole, so there are no accuracies yet.'];
  const [first, ...others] = groups.map((group) =>
    group.runs.length > 1 ? `${group.name} (${group.runs.length} seeds)` : group.name,
  ) as [string, ...string[]];
  const header = ['available', first, ...others.flatMap((name) => [name, 'difference'])];
  const overSeeds = groups.length < runs.length;
  const mean = overSeeds ? ', mean ± standard error over seeds' : '';
  const paired = overSeeds ? ', paired by seed' : '';
  const difference =
    others.length > 0 ? `, and the difference to ${groups[0]!.name} in points${paired}` : '';
  return [
    `Test accuracy in per cent${mean}${difference}:`,
    tableOf(
      header,
      rows.map(({ scenario, values, differences }) => [
        scenario,
        ...values.flatMap((value, group) => {
          const cell = accuracyText(value);
          return group === 0 ? [cell] : [cell, differenceText(differences[group]!)];
        }),
      ]),
    ),
  ];
}

const accuracyText = (value: Measured) => measuredText(value, 1, 'auto');

/** In points; what is rounded to zero has no sign. */
const differenceText = (value: Measured) => measuredText(value, 2, 'exceptZero');

function measuredText(value: Measured, decimals: number, signDisplay: 'auto' | 'exceptZero') {
  if (!value) return '–';
  const [minimumFractionDigits, maximumFractionDigits] = [decimals, decimals];
  const format = { minimumFractionDigits, maximumFractionDigits, signDisplay };
  const mean = (100 * value.mean).toLocaleString('en', format);
  return value.seeds > 1 ? `${mean} ± ${(100 * value.error).toFixed(decimals)}` : mean;
}

/** A table in Markdown as GitHub has it. */
export const markdownTable: TableText = (header, rows) =>
  [header, header.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
