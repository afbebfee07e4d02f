/**
 * All methods under several seeds. The wasm and cpu backends use one core each, so there runs go to worker
 * threads; native TensorFlow and WebGPU use the whole machine for one run at a time. The numbers are the same.
 */
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { checkWritable } from '../files/folders.js';
import { projectRoot } from '../files/paths.js';
import { throwIfInterrupted, untilInterrupted } from '../interruption.js';
import { describeBackend, runsInWorkers, type BackendName } from '../tensor/backend.js';
import { isWholeRun, readRun, writeRun } from '../training/runs.js';
import type { TrainingRecord } from '../training/train.js';
import {
  emojiRecipes,
  stepsOf,
  trainEmoji,
  emojiMethods,
  type EmojiMethod,
  type EmojiResults,
  type EmojiRun,
  type EmojiRunConfig,
  type EmojiSettings,
} from './emoji.js';

/** One run to train: `initial` is the folder of the run that it starts from. */
export interface Job {
  readonly method: EmojiMethod;
  readonly settings: EmojiSettings;
  readonly seed: number;
  readonly folder: string;
  readonly initial?: string;
  readonly backend: BackendName;
}

/** What some steps of a job brought. */
export interface SeedProgress {
  readonly method: EmojiMethod;
  readonly seed: number;
  readonly records: readonly TrainingRecord[];
  /** Steps of all jobs so far, and of all jobs together */
  readonly done: number;
  readonly total: number;
}

export interface SeedOptions {
  /** Where the runs go; relative names lie in data/runs */
  readonly folder?: string;
  readonly onProgress?: (progress: SeedProgress) => void;
}

const allRuns = path.join(projectRoot, 'data', 'runs');
const defaultFolder = 'emoji';

/** Where the run of a method under a seed lies. */
function runFolder(folder: string, method: EmojiMethod, seed: number): string {
  return path.join(path.resolve(allRuns, folder), `${method.replaceAll(/[^a-z]+/g, '-')}-${seed}`);
}

/**
 * The run of a method with these settings: the one that `trainSeeds` left behind, or, where there is
 * none of these settings, one that is trained now.
 */
export async function emojiRun(
  method: EmojiMethod,
  settings: EmojiSettings,
  seed: number,
  folder = defaultFolder,
): Promise<EmojiRun> {
  const place = runFolder(folder, method, seed);
  if (isWholeRun(place)) {
    const run = readRun<EmojiRunConfig, EmojiResults>(place);
    if (isDeepStrictEqual(run.config.settings, settings)) return run;
  }
  const { start } = emojiRecipes[method];
  const initial = start && (await emojiRun(start, settings, seed, folder));
  const run = await trainEmoji(method, settings, seed, initial);
  writeRun(place, run);
  return run;
}

/** Trains one job and writes its run. */
export async function runJob(
  { method, settings, seed, folder, initial }: Job,
  onRecords: (records: readonly TrainingRecord[]) => void,
): Promise<void> {
  const start = initial === undefined ? undefined : readRun<EmojiRunConfig, EmojiResults>(initial);
  writeRun(folder, await trainEmoji(method, settings, seed, start, onRecords));
}

/**
 * Trains every method under every seed, writing each run to `folder` when it is done. An interruption stops
 * the runs under way; those that are done stay.
 *
 * @returns the runs, by seed and within it in the order of `emojiMethods`
 * @throws Error when the folder cannot be written, before anything is trained
 * @throws the interruption's reason, when nothing trains any more
 */
export async function trainSeeds(
  settings: EmojiSettings,
  seeds: readonly number[],
  { folder = defaultFolder, onProgress }: SeedOptions = {},
): Promise<EmojiRun[]> {
  throwIfInterrupted();
  checkWritable(path.resolve(allRuns, folder));
  const { name: backend } = describeBackend();
  const total = seeds.length * emojiMethods.reduce((sum, m) => sum + stepsOf(m, settings), 0);
  let done = 0;
  const trainer = runsInWorkers(backend) ? threads(seeds) : oneAfterTheOther();
  const train = async (method: EmojiMethod, seed: number, started: StartedRuns): Promise<void> => {
    const { start } = emojiRecipes[method];
    await (start && started.get(start));
    const job: Job = { method, settings, seed, backend, folder: runFolder(folder, method, seed) };
    const initial = start && { initial: runFolder(folder, start, seed) };
    await trainer.run({ ...job, ...initial }, (records) => {
      done += records.length;
      onProgress?.({ method, seed, records, done, total });
    });
  };
  try {
    const all = seeds.map((seed) => {
      const started: StartedRuns = new Map();
      // In this order every run that another starts from is there before it.
      for (const method of emojiMethods) started.set(method, train(method, seed, started));
      return [...started.values()];
    });
    await Promise.race([Promise.all(all.flat()), untilInterrupted()]);
  } finally {
    await trainer.close();
  }
  return seeds.flatMap((seed) =>
    emojiMethods.map((method) =>
      readRun<EmojiRunConfig, EmojiResults>(runFolder(folder, method, seed)),
    ),
  );
}

/** The runs of one seed, under way or done. */
type StartedRuns = Map<EmojiMethod, Promise<void>>;

interface Trainer {
  run(job: Job, onRecords: (records: readonly TrainingRecord[]) => void): Promise<void>;
  /** Waits until no job runs any more; those in other threads are ended. */
  close(): Promise<void>;
}

/** Runs jobs in this thread. An interruption reaches each of them. */
function oneAfterTheOther(): Trainer {
  let last = Promise.resolve();
  return {
    run: (job, onRecords) => (last = last.then(() => runJob(job, onRecords))),
    close: () => last.catch(() => undefined),
  };
}

/** Runs jobs in worker threads, one per core. */
function threads(seeds: readonly number[]): Trainer {
  const pool = new Piscina({
    filename: path.join(__dirname, 'worker.js'),
    maxThreads: Math.min(availableParallelism(), 2 * seeds.length),
  });
  return {
    async run(job, onRecords) {
      const { port1, port2 } = new MessageChannel();
      port1.on('message', onRecords);
      try {
        await pool.run({ job, port: port2 }, { transferList: [port2] });
      } finally {
        // The last records may still be on their way.
        for (let left = receiveMessageOnPort(port1); left; left = receiveMessageOnPort(port1)) {
          onRecords(left.message as TrainingRecord[]);
        }
        port1.close();
      }
    },
    close: () => pool.destroy(),
  };
}
