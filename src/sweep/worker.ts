/**
 * A worker of sweeps over Redis. This process only renews the locks of its jobs; the runs are trained by
 * children, so no long step ever makes a job look abandoned.
 */
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DelayedError, UnrecoverableError, WaitingError, Worker, type Job } from 'bullmq';
import { isWholeRun } from '../training/runs.js';
import { aborted } from './aborted.js';
import { lockedDelay } from './local.js';
import { ChildPool, type Outcome, type TaskListener } from './pool.js';
import { queueName, readJob, type JobData } from './queue.js';
import { Connection, expectRedis } from './redis.js';
import { readFolderId } from './sharedFolder.js';

export interface WorkerOptions {
  readonly redis: string;
  readonly queue: string;
  /** The folder of all runs, the same as the coordinator's */
  readonly runs: string;
  /** How many runs are trained at a time */
  readonly size: number;
  /** After how many seconds without a sign of life its runs go to another */
  readonly stalledSeconds: number;
  readonly tell: (text: string) => void;
  /** Aborted: checkpoints are saved, and the runs go back into the queue */
  readonly signal: AbortSignal;
}

/** How often a run may lose its worker. */
const maxStalledCount = 5;

/** How often the progress of a run is told. */
const tellEvery = 1000;

/** How long Redis is waited for at the end. */
const farewell = 3000;

/**
 * Works until it is stopped.
 *
 * @throws Error when Redis cannot be reached, or the folder of runs is not one that sweeps use
 */
export async function work(options: WorkerOptions): Promise<void> {
  const { redis, queue, runs, size, stalledSeconds, tell, signal } = options;
  const folderId = readFolderId(runs);
  await expectRedis(redis);
  const pool = new ChildPool(size);
  const ending = new AbortController();
  const takeJob = async (job: Job<JobData>, token?: string): Promise<void> => {
    try {
      readFolderId(runs);
    } catch (error) {
      // The folder was there before: the runs of this queue are not for this worker any more.
      ending.abort(error);
      await giveBack(job, token);
    }
    await train(job, token, pool, options);
  };
  const connection = new Connection(redis, tell);
  const worker = new Worker<JobData>(queueName(folderId, queue), takeJob, {
    connection: connection.redis,
    name: hostname(),
    concurrency: size,
    lockDuration: 1000 * stalledSeconds,
    stalledInterval: (1000 * stalledSeconds) / 2,
    runRetryDelay: 1000,
    maxStalledCount,
  });
  worker.on('error', connection.onError);
  tell(`waiting for runs in ${runs}, ${size} at a time`);
  const stop = AbortSignal.any([signal, ending.signal]);
  await aborted(stop);
  tell(`${(stop.reason as Error).message}: saving checkpoints …`);
  // In this order no new job is begun.
  const closed = worker.close();
  await pool.stop();
  await Promise.race([closed, sleep(farewell, undefined, { ref: false })]);
  connection.close();
  if (ending.signal.aborted) throw ending.signal.reason as Error;
}

/** Trains a job's run and tells the queue what has become of it. */
async function train(
  job: Job<JobData>,
  token: string | undefined,
  pool: ChildPool,
  { runs, tell }: WorkerOptions,
): Promise<void> {
  let task: JobData;
  try {
    task = readJob(job.data);
  } catch (error) {
    throw new UnrecoverableError(`${(error as Error).message} (on ${hostname()})`);
  }
  const { name, config } = task;
  // A network file system may be late; what the coordinator has seen comes.
  const isSeen = config.from === undefined || isWholeRun(path.join(runs, config.from));
  if (!isSeen) await delay(job, token);
  tell(`${name} …`);
  const outcome = await pool.run({ runs, name, config }, listenerOf(job, tell));
  tell(`${name}  ${'reason' in outcome ? outcome.reason : outcome.state}`);
  await settle(outcome, job, token);
}

/** @throws what BullMQ wants thrown for a job that is not done */
async function settle(
  outcome: Outcome,
  job: Job<JobData>,
  token: string | undefined,
): Promise<void> {
  switch (outcome.state) {
    case 'whole':
      return;
    case 'stopped':
      return giveBack(job, token);
    case 'locked':
      return delay(job, token);
    case 'failed':
      throw new UnrecoverableError(outcome.reason);
    case 'died':
      throw new Error(`${outcome.reason} (on ${hostname()})`);
  }
}

/** Lets another have the job at once. */
async function giveBack(job: Job, token: string | undefined): Promise<never> {
  await job.moveToWait(token);
  throw new WaitingError();
}

/** Lets the job be taken a little later. */
async function delay(job: Job, token: string | undefined): Promise<never> {
  await job.moveToDelayed(Date.now() + lockedDelay, token);
  throw new DelayedError();
}

function listenerOf(job: Job, tell: (text: string) => void): TaskListener {
  let last = 0;
  let isOnItsWay = false;
  return {
    onWarning: tell,
    onProgress: (progress) => {
      // While Redis is away one waits; a progress that is lost is no loss.
      if (isOnItsWay || Date.now() - last < tellEvery) return;
      last = Date.now();
      isOnItsWay = true;
      void job
        .updateProgress({ ...progress })
        .catch(() => undefined)
        .finally(() => (isOnItsWay = false));
    },
  };
}
