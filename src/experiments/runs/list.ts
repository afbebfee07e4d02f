/** The table of all runs. */
import { tableText } from '../../notebook/table.js';
import type { RunSummary } from './summary.js';

/** What runs can be sorted by. */
export const sortKeys = [
  'name',
  'label',
  'seed',
  'state',
  'done',
  'loss',
  'accuracy',
  'backend',
  'written',
] as const;
export type SortKey = (typeof sortKeys)[number];

/** In ascending order; what lacks the key comes last. */
export function sorted(runs: readonly RunSummary[], key: SortKey): RunSummary[] {
  return [...runs].sort((one, other) => {
    const [first, second] = [one[key], other[key]];
    if (first === undefined || second === undefined) {
      return Number(first === undefined) - Number(second === undefined);
    }
    if (typeof first === 'string') {
      return first.localeCompare(String(second), 'en', { numeric: true });
    }
    return Number(first) - Number(second);
  });
}

/** Runs as people read them; what is damaged is explained below the table. */
export function listText(runs: readonly RunSummary[]): string {
  const header = [
    'run',
    'label',
    'seed',
    'state',
    'steps',
    'loss',
    'accuracy, %',
    'backend',
    'written (UTC)',
  ];
  const damages = runs.flatMap((run) => run.damages.map((reason) => `${run.name}: ${reason}`));
  return [tableText(header, runs.map(rowOf)), ...damages].join('\n');
}

function rowOf(run: RunSummary): string[] {
  const { name, label, seed, state, done, steps, loss, accuracy, backend, written } = run;
  return [
    name,
    label ?? '',
    `${seed ?? ''}`,
    run.damages.length > 0 ? `${state}, damaged` : state,
    `${done ?? '?'} of ${steps ?? '?'}`,
    loss?.toFixed(4) ?? '',
    accuracy === undefined ? '' : (100 * accuracy).toFixed(1),
    backend ?? '',
    written?.toISOString().slice(0, 16).replace('T', ' ') ?? '',
  ];
}
