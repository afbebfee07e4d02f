/**
 * A sweep over Redis. The coordinator trains nothing: it puts into the queue what can be run, and looks again
 * and again at the folders of the runs and at the queue. What is done is decided by the folders alone, so
 * neither a lost event nor a lost queue nor its own restart loses a run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, QueueEvents } from 'bullmq';
import { aborted } from './aborted.js';
import { Ledger } from './ledger.js';
import type { SweepOptions } from './local.js';
import { jobOptions, queueName, readProgress, type JobData } from './queue.js';
import { Connection, expectRedis } from './redis.js';
import { claimFolder } from './sharedFolder.js';
import type { Sweep, SweepJob } from './sweepFile.js';
import { expectOutsideRuns, isTrained } from './trained.js';

export interface RedisSweepOptions extends SweepOptions {
  readonly redis: string;
  /** Tells queues of the same folder of runs apart */
  readonly queue: string;
}

/** How often folders and queue are looked at, beside whenever an event comes. */
const lookEvery = 3000;

/** How long the queue is waited for when the sweep is stopped. */
const farewell = 3000;

/** Has what is not there yet trained by the workers of a Redis server. */
export async function runOverRedis(sweep: Sweep, options: RedisSweepOptions): Promise<Ledger> {
  const { runs, redis, report, signal } = options;
  expectOutsideRuns(sweep, runs);
  await expectRedis(redis);
  const coordinator = new Coordinator(sweep, options, claimFolder(runs));
  const stopped = aborted(signal);
  const atMost = (milliseconds: number) => sleep(milliseconds, undefined, { ref: false });
  try {
    await Promise.race([coordinator.forgetFailures(), stopped]);
    while (coordinator.ledger.isOpen() && !signal.aborted) {
      await Promise.race([coordinator.look(), stopped]);
      if (!coordinator.ledger.isOpen()) break;
      await Promise.race([coordinator.event(), atMost(lookEvery), stopped]);
    }
    if (signal.aborted) {
      await Promise.race([coordinator.withdraw(), atMost(farewell)]);
      report.note('runs that workers have begun go on; the same command goes on with the rest');
    }
  } finally {
    await Promise.race([coordinator.close(), atMost(farewell)]);
  }
  return coordinator.ledger;
}

class Coordinator {
  readonly ledger: Ledger;
  private readonly queue: Queue<JobData>;
  private readonly events: QueueEvents;
  private readonly connection: Connection;
  private wake: () => void = () => undefined;
  private toldOfNoWorker = false;

  constructor(
    private readonly sweep: Sweep,
    private readonly options: RedisSweepOptions,
    folderId: string,
  ) {
    const { report, redis } = options;
    this.ledger = new Ledger(sweep.jobs, report);
    this.connection = new Connection(redis, report.note.bind(report));
    const name = queueName(folderId, options.queue);
    const connection = this.connection.redis;
    this.queue = new Queue(name, { connection });
    this.events = new QueueEvents(name, { connection });
    this.queue.on('error', this.connection.onError);
    this.events.on('error', this.connection.onError);
    this.listen();
  }

  private listen(): void {
    const { events, ledger, options } = this;
    events.on('active', ({ jobId }) => {
      ledger.begin(jobId);
    });
    events.on('progress', ({ jobId, data }) => {
      const progress = readProgress(data);
      if (progress) ledger.progress(jobId, progress);
    });
    events.on('stalled', ({ jobId }) => {
      const isOurs = ledger.state(jobId) !== undefined;
      if (isOurs) options.report.note(`${jobId}: its worker is gone; another goes on`);
    });
    for (const event of ['completed', 'failed', 'waiting', 'delayed'] as const) {
      events.on(event, () => {
        this.wake();
      });
    }
  }

  /** Runs that failed in an earlier sweep of this name are tried again. */
  async forgetFailures(): Promise<void> {
    await this.ofEach(this.sweep.jobs, async ({ name }) => {
      if ((await this.queue.getJobState(name)) === 'failed') await this.queue.remove(name);
    });
  }

  /** Brings the ledger up to what folders and queue say, and the queue to what can run. */
  async look(): Promise<void> {
    const { ledger } = this;
    const known = [...ledger.running, ...ledger.ready];
    await this.ofEach(known, (job) => this.lookAt(job));
    // What has just become whole lets others start.
    const freed = ledger.ready.filter((job) => !known.includes(job));
    await this.ofEach(freed, (job) => this.lookAt(job));
    await this.tellOfNoWorker();
  }

  private async lookAt(job: SweepJob): Promise<void> {
    const { queue, ledger } = this;
    const { name, config } = job;
    // The queue first: a worker takes a run out of it only after the folder is whole.
    const state = await queue.getJobState(name);
    if (isTrained(this.options.runs, job)) {
      ledger.finish(name);
      return;
    }
    switch (state) {
      case 'unknown':
        ledger.putBack(name);
        await queue.add('run', { name, config }, jobOptions(name));
        break;
      case 'failed':
        ledger.fail(name, (await queue.getJob(name))?.failedReason ?? 'for an unknown reason');
        break;
      case 'active':
        ledger.begin(name);
        break;
      default:
        ledger.putBack(name);
    }
  }

  private async tellOfNoWorker(): Promise<void> {
    if (this.toldOfNoWorker || this.ledger.ready.length === 0) return;
    if (this.ledger.running.length > 0) return;
    if ((await this.queue.getWorkersCount()) > 0) return;
    this.toldOfNoWorker = true;
    this.options.report.note('no worker is there yet; start some by "mmp worker --redis …"');
  }

  /** Waits until the queue tells of something. */
  async event(): Promise<void> {
    await new Promise<void>((resolve) => (this.wake = resolve));
  }

  /** Takes what no worker has begun out of the queue. */
  async withdraw(): Promise<void> {
    await this.ofEach(this.ledger.ready, async ({ name }) => {
      // Begun meanwhile.
      await this.queue.remove(name).catch(() => undefined);
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.queue.close(), this.events.close()]);
    this.connection.close();
  }

  private async ofEach(
    jobs: readonly SweepJob[],
    work: (job: SweepJob) => Promise<void>,
  ): Promise<void> {
    await Promise.all(jobs.map(work));
  }
}
