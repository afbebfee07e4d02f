/**
 * `npm run bench:sweep`: runs per minute by number of workers, and what the queue costs by itself. It needs a
 * Redis server; its queues and folders are removed at the end.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Queue, QueueEvents, Worker, type Job } from 'bullmq';
import Table from 'cli-table3';
import { Command } from 'commander';
import { summarise } from '../evaluation/statistics.js';
import { writeJson } from '../files/write.js';
import { runOverRedis } from './coordinator.js';
import { runLocally } from './local.js';
import { queueName, readJob } from './queue.js';
import { expectRedis } from './redis.js';
import { claimFolder } from './sharedFolder.js';
import { expandSweep, type Sweep } from './sweepFile.js';
import type { SweepReport } from './ledger.js';

const workerCounts = [1, 2];
const tinyRuns = 24;
const rounds = 3;

/** Runs of a few steps, so that what is not training shows. */
const sweepOf = (name: string, count = tinyRuns): Sweep =>
  expandSweep(
    {
      name,
      seeds: Array.from({ length: count }, (_, seed) => seed),
      common: {
        model: { name: 'smallVilt', width: 16, heads: 2, layers: 1 },
        budget: { steps: 10, batchSize: 8 },
        backend: 'wasm',
      },
      runs: [{ name: 'run', method: 'dropout' }],
    },
    'measure',
  );

const silent: SweepReport = {
  began: () => undefined,
  progress: () => undefined,
  wentBack: () => undefined,
  ended: () => undefined,
  note: () => undefined,
  close: () => undefined,
};

const never = (): AbortSignal => new AbortController().signal;

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** Runs per minute with so many processes on this machine, their start included. */
async function measureLocally(runs: string, round: number, size: number): Promise<number> {
  const options = { runs, report: silent, signal: never(), size };
  const sweep = sweepOf(`local-${size}-${round}`);
  return (60 * tinyRuns) / (await secondsOf(() => runLocally(sweep, options)));
}

/** The same with so many `mmp worker`, which have been started before. */
async function measureOverRedis(
  runs: string,
  redis: string,
  round: number,
  count: number,
): Promise<number> {
  const cli = path.join(__dirname, '..', 'cli.js');
  const command = ['worker', '--redis', redis, '--runs', runs, '--jobs', '1'];
  const workers = await Promise.all(
    Array.from({ length: count }, async () => {
      const worker = fork(cli, command, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
      // Its first line says that it waits.
      await once(worker.stdout!, 'data');
      worker.stdout!.resume();
      return worker;
    }),
  );
  const options = { runs, report: silent, signal: never(), redis, queue: 'runs' };
  try {
    const sweep = sweepOf(`redis-${count}-${round}`);
    return (60 * tinyRuns) / (await secondsOf(() => runOverRedis(sweep, options)));
  } finally {
    await Promise.all(workers.map(stop));
  }
}

async function stop(worker: ChildProcess): Promise<void> {
  worker.kill('SIGTERM');
  await once(worker, 'exit');
}

/** Empty jobs, by so many workers in this process: one job after the other, and all at once. */
async function measureQueue(redis: string, count: number): Promise<string[]> {
  const name = `mmp-measure-${process.pid}-${count}`;
  const connection = { url: redis, maxRetriesPerRequest: null };
  const queue = new Queue(name, { connection });
  const events = new QueueEvents(name, { connection });
  const workers = Array.from(
    { length: count },
    () => new Worker(name, () => Promise.resolve(), { connection }),
  );
  const options = { removeOnComplete: true };
  try {
    await Promise.all([queue, events, ...workers].map((one) => one.waitUntilReady()));
    const trips: number[] = [];
    for (let trip = 0; trip < 200; trip++) {
      const roundTrip = async () => {
        const told = once(events, 'completed');
        await queue.add('empty', {}, options);
        await told;
      };
      trips.push(1000 * (await secondsOf(roundTrip)));
    }
    const jobs = 5000;
    const throughput = async () => {
      let left = jobs;
      const done = new Promise<void>((resolve) => {
        events.on('completed', () => {
          if (--left === 0) resolve();
        });
      });
      await queue.addBulk(
        Array.from({ length: jobs }, () => ({ name: 'empty', data: {}, opts: options })),
      );
      await done;
    };
    const seconds = await secondsOf(throughput);
    const { mean, deviation } = summarise(trips.slice(20));
    return [`${mean.toFixed(2)} ± ${deviation.toFixed(2)} ms`, `${Math.round(jobs / seconds)}`];
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
    await queue.obliterate({ force: true });
    await Promise.all([queue.close(), events.close()]);
  }
}

/** A whole sweep of runs that take no time, by so many workers in this process: runs a second. */
async function measureCoordinator(redis: string, jobs: number, count: number): Promise<number> {
  const runs = mkdtempSync(path.join(tmpdir(), 'mmp-measure-'));
  const name = queueName(claimFolder(runs), 'runs');
  const connection = { url: redis, maxRetriesPerRequest: null };
  const pretend = (job: Job): Promise<void> => {
    const { name: run, config } = readJob(job.data);
    writeJson(path.join(runs, run, 'config.json'), config);
    writeJson(path.join(runs, run, 'results.json'), {});
    return Promise.resolve();
  };
  const workers = Array.from({ length: count }, () => new Worker(name, pretend, { connection }));
  try {
    await Promise.all(workers.map((worker) => worker.waitUntilReady()));
    const options = { runs, report: silent, signal: never(), redis, queue: 'runs' };
    return jobs / (await secondsOf(() => runOverRedis(sweepOf('pretended', jobs), options)));
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
    await removeQueue(name, redis);
    rmSync(runs, { recursive: true });
  }
}

async function removeQueue(name: string, redis: string): Promise<void> {
  const queue = new Queue(name, { connection: { url: redis, maxRetriesPerRequest: null } });
  await queue.obliterate({ force: true });
  await queue.close();
}

function print(head: string[], rows: string[][]): void {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  console.log(table.toString());
}

/** Such as `81.0 (78.2–83.1)`: the median, and between what the rounds lie. */
function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b).map((value) => value.toFixed(1));
  return `${sorted[Math.floor(sorted.length / 2)]} (${sorted[0]}–${sorted.at(-1)})`;
}

/** Runs per minute by number of workers. The rounds alternate, so that a busy moment hits all alike. */
async function measureRuns(redis: string): Promise<void> {
  const runs = mkdtempSync(path.join(tmpdir(), 'mmp-measure-'));
  const name = queueName(claimFolder(runs), 'runs');
  const measured = workerCounts.map((count) => ({
    count,
    local: [] as number[],
    overRedis: [] as number[],
  }));
  try {
    for (let round = 0; round < rounds; round++) {
      for (const { count, local, overRedis } of measured) {
        local.push(await measureLocally(runs, round, count));
        overRedis.push(await measureOverRedis(runs, redis, round, count));
      }
    }
  } finally {
    await removeQueue(name, redis);
    rmSync(runs, { recursive: true });
  }
  print(
    ['workers', 'runs a minute, local', 'runs a minute, Redis'],
    measured.map(({ count, local, overRedis }) => [
      String(count),
      spread(local),
      spread(overRedis),
    ]),
  );
}

async function measure({ redis }: { redis: string }): Promise<void> {
  await expectRedis(redis);
  const rows: string[][] = [];
  for (const count of [1, 10, 100]) {
    rows.push([String(count), ...(await measureQueue(redis, count))]);
  }
  print(['workers', 'round trip of an empty job', 'empty jobs a second'], rows);
  const rate = await measureCoordinator(redis, 1000, 100);
  console.log(
    `a sweep of 1000 runs that take no time, 100 workers: ${rate.toFixed(0)} runs a second`,
  );
  // One core for each worker, however many there are.
  process.env.MMP_THREADS = '1';
  await measureRuns(redis);
}

const program = new Command('bench:sweep')
  .description('measure sweeps on this machine and on a Redis server')
  .option('--redis <url>', 'the server', 'redis://127.0.0.1:6379')
  .action(measure);

program.parseAsync().catch((error: unknown) => {
  console.error(`bench:sweep: ${(error as Error).message}`);
  process.exitCode = 1;
});
