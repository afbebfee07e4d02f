/** What came of a sweep, as a table: a line for each variant, over its seeds. */
import path from 'node:path';
import Table from 'cli-table3';
import { meanOverMissing } from '../evaluation/accuracy.js';
import { allScenarios } from '../evaluation/scenarios.js';
import { summarise } from '../evaluation/statistics.js';
import { loadData } from '../experiments/model.js';
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
  const measured = jobs.map((job) => {
    const { test } = readJson(path.join(runs, job.name), 'results.json') as RunResults;
    const scenarios = allScenarios(loadData(job.config).modalities);
    return { everything: test[scenarios[0]!.name]!, missing: meanOverMissing(test, scenarios) };
  });
  if (measured.length === 0) return ['', ''];
  return (['everything', 'missing'] as const).map((key) => {
    const { mean, error } = summarise(measured.map((one) => 100 * one[key]));
    return measured.length > 1 ? `${mean.toFixed(2)} ± ${error.toFixed(2)}` : mean.toFixed(2);
  });
}
