/**
 * `npm run bench:sweep`: runs per minute by number of workers, and what the queue costs by itself. It needs a
 * Redis server; its queues and folders are removed at the end.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Queue, QueueEvents, Worker } from 'bullmq';
import Table from 'cli-table3';
import { Command } from 'commander';
import { summarise } from '../evaluation/statistics.js';
import { runOverRedis } from './coordinator.js';
import { runLocally } from './local.js';
import { connectionTo, expectRedis } from './redis.js';
import { claimFolder } from './sharedFolder.js';
import { expandSweep, type Sweep } from './sweepFile.js';
import type { SweepReport } from './ledger.js';

const workerCounts = [1, 2];
const tinyRuns = 24;

/** Runs of a few steps, so that what is not training shows. */
const sweepOf = (name: string): Sweep =>
  expandSweep(
    {
      name,
      seeds: Array.from({ length: tinyRuns }, (_, seed) => seed),
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

const never = new AbortController().signal;

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

const perMinute = (seconds: number): string => ((60 * tinyRuns) / seconds).toFixed(1);

/** Runs per minute with so many processes on this machine, their start included. */
async function measureLocally(runs: string, size: number): Promise<string> {
  const options = { runs, report: silent, signal: never, size };
  return perMinute(await secondsOf(() => runLocally(sweepOf(`local-${size}`), options)));
}

/** The same with so many `mmp worker`, which have been started before. */
async function measureOverRedis(runs: string, redis: string, count: number): Promise<string> {
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
  const options = { runs, report: silent, signal: never, redis, queue: 'runs' };
  try {
    const work = () => runOverRedis(sweepOf(`redis-${count}`), options);
    return perMinute(await secondsOf(work));
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
  const connection = connectionTo(redis);
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

function print(head: string[], rows: string[][]): void {
  const table = new Table({ head, style: { head: [], border: [] } });
  table.push(...rows);
  console.log(table.toString());
}

async function measure({ redis }: { redis: string }): Promise<void> {
  await expectRedis(redis);
  const runs = mkdtempSync(path.join(tmpdir(), 'mmp-measure-'));
  try {
    claimFolder(runs);
    // Loads what later ones find in the file cache.
    await measureLocally(path.join(runs, 'warm'), 1);
    const rows: string[][] = [];
    for (const count of workerCounts) {
      const local = await measureLocally(runs, count);
      rows.push([String(count), local, await measureOverRedis(runs, redis, count)]);
    }
    print(['workers', 'runs a minute, local', 'runs a minute, Redis'], rows);
    const queues: string[][] = [];
    for (const count of [1, 10, 100]) {
      queues.push([String(count), ...(await measureQueue(redis, count))]);
    }
    print(['workers', 'round trip of an empty job', 'empty jobs a second'], queues);
  } finally {
    rmSync(runs, { recursive: true });
  }
}

const program = new Command('bench:sweep')
  .description('measure sweeps on this machine and on a Redis server')
  .option('--redis <url>', 'the server', 'redis://127.0.0.1:6379')
  .action(measure);

program.parseAsync().catch((error: unknown) => {
  console.error(`bench:sweep: ${(error as Error).message}`);
  process.exitCode = 1;
});
