/** A comparison of runs as people read it. */
import type { Comparison, Measured } from './compare.js';
import { valueText } from './groups.js';

/** Rows under a header, on a terminal or in Markdown. */
export type TableText = (header: readonly string[], rows: readonly (readonly string[])[]) => string;

export function compareText(comparison: Comparison, tableOf: TableText): string {
  return [...configurations(comparison, tableOf), ...accuracies(comparison, tableOf)].join('\n\n');
}

function configurations({ runs, differing }: Comparison, tableOf: TableText): string[] {
  if (differing.length === 0) return ['The configurations do not differ.'];
  const rows = differing.map(({ key, values }) => [
    key,
    ...values.map((value) => valueText(value ?? undefined)),
  ]);
  return ['In what the configurations differ:', tableOf(['key', ...runs], rows)];
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

/** Per cent and points; a difference that is rounded to zero has no sign. */
const accuracyText = formatOf({ decimals: 1, signDisplay: 'auto' });
const differenceText = formatOf({ decimals: 2, signDisplay: 'exceptZero' });

function formatOf({
  decimals,
  signDisplay,
}: {
  decimals: number;
  signDisplay: 'auto' | 'exceptZero';
}) {
  const format = new Intl.NumberFormat('en', {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
    signDisplay,
  });
  return (value: Measured): string => {
    if (!value) return '–';
    const mean = format.format(100 * value.mean);
    return value.seeds > 1 ? `${mean} ± ${(100 * value.error).toFixed(decimals)}` : mean;
  };
}

/** A table in Markdown as GitHub has it. */
export const markdownTable: TableText = (header, rows) =>
  [header, header.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
