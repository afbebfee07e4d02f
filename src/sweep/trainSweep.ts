/** A sweep trained in a notebook, of which it sees every step. */
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { RunConfig } from '../experiments/config.js';
import type { TrainedRun } from '../experiments/trainRun.js';
import { checkWritable } from '../files/folders.js';
import { defaultRuns } from '../files/paths.js';
import { interruption, throwIfInterrupted } from '../interruption.js';
import { describeBackend, runsInWorkers } from '../tensor/backend.js';
import { RunLock } from '../training/lock.js';
import { LogFollower } from '../training/log.js';
import { readRun, runState } from '../training/runs.js';
import type { TrainingRecord } from '../training/train.js';
import type { SweepReport } from './ledger.js';
import { runLocally } from './local.js';
import type { Sweep, SweepJob } from './sweepFile.js';
import { isBegun } from './trained.js';

/** What some steps of a run brought. */
export interface SweepProgress {
  /** What tables call the run, and its seed */
  readonly label: string;
  readonly seed: number;
  readonly records: readonly TrainingRecord[];
  /** Steps of all runs so far, and of all runs together */
  readonly done: number;
  readonly total: number;
}

export interface TrainSweepOptions {
  /** The folder of all runs; data/runs by default */
  readonly runs?: string;
  /** Whether runs of the very configuration are kept: whole ones as they are, begun ones are gone on with */
  readonly keep?: boolean;
  readonly onProgress?: (progress: SweepProgress) => void;
}

/**
 * Trains every run of a sweep anew on the current backend, one per core; what an earlier time left is removed, unless
 * it is to be kept. An interruption stops the runs under way, after a checkpoint; those that are done stay.
 *
 * @returns the runs in the order of the jobs
 * @throws Error when the folder cannot be written, before anything is trained, or when a run fails
 * @throws the interruption's reason, when nothing trains any more
 */
export async function trainSweep(
  sweep: Sweep,
  { runs = defaultRuns, keep = false, onProgress }: TrainSweepOptions = {},
): Promise<TrainedRun[]> {
  throwIfInterrupted();
  checkWritable(runs);
  const jobs = sweep.jobs.map((job) => ({ ...job, config: onThisBackend(job.config) }));
  for (const job of jobs) {
    if (!keep || !isBegun(runs, job)) await removeRun(path.join(runs, job.name));
  }
  const ledger = await runLocally(
    { ...sweep, jobs },
    {
      runs,
      report: reportOf(runs, jobs, onProgress),
      signal: interruption() ?? new AbortController().signal,
      size: runsInWorkers(describeBackend().name) ? availableParallelism() : 1,
    },
  );
  throwIfInterrupted();
  for (const { job, reason } of ledger.entries) {
    if (reason !== undefined) throw new Error(`${job.name}: ${reason}`);
  }
  return jobs.map(({ name }) => readRun(path.join(runs, name)));
}

/** The numbers of a run are those of its backend. */
export const onThisBackend = (config: RunConfig): RunConfig => ({
  ...config,
  backend: describeBackend().name,
});

/** Tells of every step, as the logs have them. */
function reportOf(
  runs: string,
  jobs: readonly SweepJob[],
  onProgress: TrainSweepOptions['onProgress'],
): SweepReport {
  const logs = new Map<SweepJob, LogFollower>();
  const total = jobs.reduce((sum, { config }) => sum + config.budget.steps, 0);
  let done = 0;
  const look = (job: SweepJob) => {
    const log = logs.get(job) ?? new LogFollower(path.join(runs, job.name));
    logs.set(job, log);
    const records = log.news();
    if (records.length === 0) return;
    done += records.length;
    const { label, seed } = job.config;
    onProgress?.({ label, seed, records, done, total });
  };
  return {
    began: () => undefined,
    progress: look,
    wentBack: () => undefined,
    ended: look,
    note: (text) => {
      console.warn(text);
    },
    close: () => undefined,
  };
}

/** @throws RunIsLocked when somebody trains it */
export async function removeRun(folder: string): Promise<void> {
  if (runState(folder) === 'absent') return;
  const lock = await RunLock.acquire(folder);
  rmSync(folder, { recursive: true });
  lock.release();
}
