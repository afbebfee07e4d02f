/** What came of a sweep, as a table: a line for each variant, over its seeds. */
import path from 'node:path';
import Table from 'cli-table3';
import { summarise } from '../evaluation/statistics.js';
import { missing, withMean } from '../experiments/runs/compare.js';
import type { RunResults } from '../experiments/trainRun.js';
import { readJson } from '../training/runs.js';
import type { JobState, Ledger } from './ledger.js';
import type { SweepJob } from './sweepFile.js';

const stateNames: Readonly<Record<JobState, string>> = {
  whole: 'whole',
  failed: 'failed',
  kept: 'not run',
  running: 'under way',
  waiting: 'not run yet',
};

/** The table, and why runs are not whole. */
export function summaryText({ entries }: Ledger, runs: string): string {
  const table = new Table({
    head: ['run', 'seeds', 'test, everything there', 'test, something missing'],
    // Colours would be control characters in a log.
    style: { head: [], border: [] },
  });
  for (const variant of new Set(entries.map(({ job }) => job.variant))) {
    const own = entries.filter(({ job }) => job.variant === variant);
    const whole = own.filter(({ state }) => state === 'whole').map(({ job }) => job);
    table.push([variant, statesOf(own.map(({ state }) => state)), ...accuraciesOf(whole, runs)]);
  }
  const reasons = entries
    .filter(({ reason }) => reason !== undefined)
    .map(({ job, state, reason }) => `${job.name}  ${stateNames[state]}: ${reason}`);
  return [table.toString(), ...reasons].join('\n');
}

/** Such as `3 whole`, or `2 whole, 1 failed`. */
function statesOf(states: readonly JobState[]): string {
  const counts = Object.entries(stateNames).map(([state, name]) => {
    const count = states.filter((one) => one === state).length;
    return count === 0 ? [] : [`${count} ${name}`];
  });
  return counts.flat().join(', ');
}

/** Mean accuracies in per cent, with the standard error over several seeds. */
function accuraciesOf(jobs: readonly SweepJob[], runs: string): string[] {
  const accuracies = jobs.map((job) => {
    const { test } = readJson(path.join(runs, job.name), 'results.json') as RunResults;
    return { everything: Object.values(test)[0], missing: withMean(test)[missing] };
  });
  return (['everything', 'missing'] as const).map((key) => {
    const measured = accuracies.flatMap(({ [key]: value }) => (value === undefined ? [] : [value]));
    if (measured.length === 0) return '';
    const { mean, error } = summarise(measured.map((value) => 100 * value));
    return measured.length > 1 ? `${mean.toFixed(2)} ± ${error.toFixed(2)}` : mean.toFixed(2);
  });
}
