/** All methods of the emoji experiment under several seeds: a sweep of which a notebook sees every step. */
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { differingKeys, type RunConfig } from '../experiments/config.js';
import {
  emojiConfig,
  emojiMethods,
  emojiRecipes,
  emojiRunName,
  stepsOf,
  type EmojiMethod,
  type EmojiSettings,
} from '../experiments/emoji.js';
import { readRunConfig, trainRun, type TrainedRun } from '../experiments/trainRun.js';
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
import type { SweepJob } from './sweepFile.js';

/** What some steps of a run brought. */
export interface SeedProgress {
  readonly method: EmojiMethod;
  readonly seed: number;
  readonly records: readonly TrainingRecord[];
  /** Steps of all runs so far, and of all runs together */
  readonly done: number;
  readonly total: number;
}

export interface SeedOptions {
  /** Where the runs go; relative names lie in data/runs */
  readonly folder?: string;
  readonly onProgress?: (progress: SeedProgress) => void;
}

const defaultFolder = 'emoji';

/** A run of the experiment; its numbers are those of this backend. */
function jobOf(method: EmojiMethod, settings: EmojiSettings, seed: number): SweepJob {
  const { start } = emojiRecipes[method];
  const config: RunConfig = {
    ...emojiConfig(method, settings, seed),
    backend: describeBackend().name,
  };
  const after = start && { after: emojiRunName(start, seed) };
  return { name: emojiRunName(method, seed), variant: method, config, ...after };
}

/**
 * The run of a method with these settings: the one that `trainSeeds` left behind, or, where there is none of
 * these settings, one that is trained now.
 */
export async function emojiRun(
  method: EmojiMethod,
  settings: EmojiSettings,
  seed: number,
  folder = defaultFolder,
): Promise<TrainedRun> {
  const runs = path.resolve(defaultRuns, folder);
  const { name, config } = jobOf(method, settings, seed);
  const place = path.join(runs, name);
  const isOther =
    runState(place) !== 'absent' && differingKeys(readRunConfig(place), config).length > 0;
  if (isOther) await removeRun(place);
  if (runState(place) !== 'whole') {
    const { start } = emojiRecipes[method];
    if (start) await emojiRun(start, settings, seed, folder);
    await trainRun(config, { runs, name, resume: true });
  }
  return readRun(place);
}

/**
 * Trains every method under every seed, one run per core. An interruption stops the runs under way, after a
 * checkpoint; those that are done stay.
 *
 * @returns the runs, by seed and within it in the order of `emojiMethods`
 * @throws Error when the folder cannot be written, before anything is trained, or when a run fails
 * @throws the interruption's reason, when nothing trains any more
 */
export async function trainSeeds(
  settings: EmojiSettings,
  seeds: readonly number[],
  { folder = defaultFolder, onProgress }: SeedOptions = {},
): Promise<TrainedRun[]> {
  throwIfInterrupted();
  const runs = path.resolve(defaultRuns, folder);
  checkWritable(runs);
  const jobs = seeds.flatMap((seed) => emojiMethods.map((method) => jobOf(method, settings, seed)));
  for (const { name } of jobs) await removeRun(path.join(runs, name));
  const total = seeds.length * emojiMethods.reduce((sum, m) => sum + stepsOf(m, settings), 0);
  const ledger = await runLocally(
    { name: folder, jobs },
    {
      runs,
      report: reportOf(runs, total, onProgress),
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

/** Tells of every step, as the logs have them. */
function reportOf(runs: string, total: number, onProgress: SeedOptions['onProgress']): SweepReport {
  const logs = new Map<SweepJob, LogFollower>();
  let done = 0;
  const look = (job: SweepJob) => {
    const log = logs.get(job) ?? new LogFollower(path.join(runs, job.name));
    logs.set(job, log);
    const records = log.news();
    if (records.length === 0) return;
    done += records.length;
    onProgress?.({
      method: job.variant as EmojiMethod,
      seed: job.config.seed,
      records,
      done,
      total,
    });
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
async function removeRun(folder: string): Promise<void> {
  if (runState(folder) === 'absent') return;
  const lock = await RunLock.acquire(folder);
  rmSync(folder, { recursive: true });
  lock.release();
}
