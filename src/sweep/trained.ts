/** What of a sweep is there already. */
import path from 'node:path';
import { differingKeys } from '../experiments/config.js';
import { readRunConfig } from '../experiments/trainRun.js';
import { isWholeRun, runState } from '../training/runs.js';
import type { Sweep, SweepJob } from './sweepFile.js';

/** Whether the run is whole and of this configuration; one of another is for `trainRun` to refuse. */
export const isTrained = (runs: string, job: SweepJob): boolean =>
  isWholeRun(path.join(runs, job.name)) && isBegun(runs, job);

/** Whether there is a run of this configuration, whole or not. */
export function isBegun(runs: string, { name, config }: SweepJob): boolean {
  const folder = path.join(runs, name);
  return runState(folder) !== 'absent' && differingKeys(readRunConfig(folder), config).length === 0;
}

/** @throws Error naming a run outside of the sweep that is to be started from and is not whole */
export function expectOutsideRuns({ jobs }: Sweep, runs: string): void {
  for (const { variant, config, after } of jobs) {
    if (config.from === undefined || after !== undefined) continue;
    const folder = path.join(runs, config.from);
    if (!isWholeRun(folder)) throw new Error(`run "${variant}": from: ${folder} is no whole run`);
  }
}
