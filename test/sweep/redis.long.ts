/** Sweeps over a real Redis server with workers as processes, of which some are killed. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { Queue } from 'bullmq';
import { stringify } from 'yaml';
import { RunLock } from '../../src/training/lock.js';
import { runState } from '../../src/training/runs.js';
import { runOverRedis } from '../../src/sweep/coordinator.js';
import { runLocally } from '../../src/sweep/local.js';
import { queueName } from '../../src/sweep/queue.js';
import { claimFolder } from '../../src/sweep/sharedFolder.js';
import { expandSweep, type Sweep } from '../../src/sweep/sweepFile.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { startMmp, type RunningMmp } from '../support/mmp.js';
import { needRedis, RedisServer } from '../support/redis.js';
import {
  assertSameRuns,
  halfWay,
  isAlive,
  keptReport,
  loggedSteps,
  long,
  tiny,
  until,
} from '../support/sweeps.js';

const described = {
  name: 'many',
  seeds: [1, 2],
  common: long,
  runs: [
    { name: 'base', method: 'dropout' },
    { name: 'mmp', method: 'mmp', from: 'base', budget: tiny.budget },
  ],
} as const;
const sweep = expandSweep(described, 'test');
const names = sweep.jobs.map(({ name }) => name);
const [first, second] = names as [string, string];

const failing = expandSweep(
  {
    name: 'failing',
    common: tiny,
    runs: [
      { name: 'bad', method: 'dropout', optimiser: { learningRate: 1e30 } },
      { name: 'after', method: 'mmp', from: 'bad' },
    ],
  },
  'test',
);

describe('a sweep over Redis', function () {
  this.timeout(120_000);
  let redis: RedisServer;
  let runs: string;
  let folderId: string;
  /** Where the same sweep was run on this machine alone */
  let local: string;
  const workers: RunningMmp[] = [];
  const sweeps: Promise<unknown>[] = [];
  let stopping: AbortController;

  before(async function () {
    needRedis(this);
    redis = await RedisServer.start();
    local = makeFolder();
    const never = new AbortController().signal;
    await runLocally(sweep, { runs: local, report: keptReport(), signal: never, size: 2 });
  });
  after(async () => {
    // Where all is skipped there is none.
    if ((redis as RedisServer | undefined) === undefined) return;
    await redis.close();
    removeFolder(local);
  });
  beforeEach(() => {
    runs = makeFolder();
    folderId = claimFolder(runs);
    stopping = new AbortController();
  });
  afterEach(async () => {
    // A sweep that a failed test leaves would keep this process from ending.
    stopping.abort();
    await Promise.allSettled(sweeps.splice(0));
    for (const { process } of workers) process.kill('SIGKILL');
    await Promise.all(workers.splice(0).map(({ ended }) => ended));
    removeFolder(runs);
  });

  const startWorker = (): RunningMmp => {
    const where = ['--redis', redis.url, '--runs', runs];
    const worker = startMmp('worker', ...where, '--jobs', '1', '--stalled-after', '2');
    workers.push(worker);
    return worker;
  };
  const start = (what: Sweep = sweep) => {
    const report = keptReport();
    const { signal } = stopping;
    const ended = runOverRedis(what, { runs, report, signal, redis: redis.url, queue: 'runs' });
    sweeps.push(ended);
    return { ended, lines: report.lines };
  };
  const withQueue = async <Answer>(ask: (queue: Queue) => Promise<Answer>): Promise<Answer> => {
    const queue = new Queue(queueName(folderId, 'runs'), {
      connection: { url: redis.url, maxRetriesPerRequest: null },
    });
    try {
      return await ask(queue);
    } finally {
      await queue.close();
    }
  };
  const said = () => workers.map((worker) => worker.said()).join('\n');
  /** Each run was trained to its end by one worker, and every step is in its log once. */
  const assertDoneOnce = () => {
    assertSameRuns(names, runs, local);
    for (const name of names) {
      const steps = loggedSteps(path.join(runs, name));
      assert.deepEqual(steps, [...steps.keys()]);
    }
  };

  it('gives the same bits although a worker is killed and all connections are cut', async () => {
    const both = [startWorker(), startWorker()];
    await until('both wait', () => both.every((worker) => worker.said().includes('waiting for')));
    const { ended, lines } = start();
    const trainer = await halfWay(path.join(runs, first));
    const killed = both.find((worker) => worker.said().includes('base-1 …'))!;
    const other = both.find((worker) => worker !== killed)!;
    await until('the other worker works', () => other.said().includes('…'));
    await redis.cutConnections();
    killed.process.kill('SIGKILL');
    await until('the child of the killed worker is gone', () => !isAlive(trainer));
    assert.equal(runState(path.join(runs, first)), 'stopped');
    assert.ok((await ended).allWhole(), `${lines.join('\n')}\n${said()}`);
    assert.equal(other.said().match(/Redis at redis:\/\/127\.0\.0\.1:\d+ is lost/g)?.length, 1);
    assert.match(other.said(), /Redis is there again/);
    assert.ok(lines.includes(`${first}: its worker is gone; another goes on`), lines.join('\n'));
    assertDoneOnce();
    const whole = other.said().match(/ {2}whole/g);
    assert.equal(whole?.length, names.length, said());
  });

  it('loses nothing when the server is replaced by one that knows nothing', async () => {
    startWorker();
    startWorker();
    const { ended, lines } = start();
    await Promise.all([first, second].map((name) => halfWay(path.join(runs, name))));
    await redis.restart();
    assert.ok((await ended).allWhole(), `${lines.join('\n')}\n${said()}`);
    assertDoneOnce();
  });

  it('has a worker that is stopped save a checkpoint, give its run back and end with 0', async () => {
    const stopped = startWorker();
    const { ended, lines } = start();
    await halfWay(path.join(runs, first));
    const before = Date.now();
    stopped.process.kill('SIGTERM');
    assert.equal(await stopped.ended, 0, stopped.said());
    assert.ok(Date.now() - before < 5000, 'it took long to stop');
    assert.equal(runState(path.join(runs, first)), 'stopped');
    assert.ok(loggedSteps(path.join(runs, first)).length < long.budget.steps);
    assert.equal(await withQueue((queue) => queue.getJobState(first)), 'waiting');

    const next = startWorker();
    assert.ok((await ended).allWhole(), `${lines.join('\n')}\n${said()}`);
    assert.match(next.said(), /base-1 {2}whole/);
    assertDoneOnce();
  });

  it('goes on with the sweep when its coordinator is killed and started again', async () => {
    const file = path.join(runs, 'sweep.yaml');
    writeFileSync(file, stringify(described));
    const command = ['sweep', file, '--redis', redis.url, '--runs', runs];
    const killed = startMmp(...command);
    startWorker();
    await halfWay(path.join(runs, first));
    killed.process.kill('SIGKILL');
    await killed.ended;
    const again = startMmp(...command);
    assert.equal(await again.ended, 0, again.said());
    assert.match(again.said(), /│ mmp +│ 2 whole +│ \d+\.\d\d ± \d+\.\d\d/);
    assertDoneOnce();
  });

  it('waits for a run that somebody else trains, without using up an attempt', async () => {
    const { name } = failing.jobs[0]!;
    const folder = path.join(runs, name);
    mkdirSync(folder, { recursive: true });
    const lock = await RunLock.acquire(folder);
    const worker = startWorker();
    const { ended } = start(failing);
    await until('the worker meets the lock', () => worker.said().includes('is being trained by'));
    const attempts = await withQueue(async (queue) => {
      let job = await queue.getJob(name);
      while ((await job?.getState()) !== 'delayed') job = await queue.getJob(name);
      return job!.attemptsMade;
    });
    assert.equal(attempts, 0);
    lock.release();
    const ledger = await ended;
    assert.match(ledger.entries[0]!.reason!, /at step \d+/, 'it was not trained after that');
  });

  it('takes back what no worker has begun when it is stopped', async () => {
    startWorker();
    const { ended } = start();
    await halfWay(path.join(runs, first));
    stopping.abort();
    const ledger = await ended;
    assert.equal(ledger.state(second), 'waiting');
    assert.equal(await withQueue((queue) => queue.getJobState(second)), 'unknown');
    await until('the run under way is whole', () => runState(path.join(runs, first)) === 'whole');
    assert.equal(runState(path.join(runs, second)), 'absent');
  });

  it('tells why a run failed, tries it once, and again when the sweep is started again', async () => {
    const worker = startWorker();
    for (const times of [1, 2]) {
      const ledger = await start(failing).ended;
      assert.deepEqual(
        ledger.entries.map(({ state }) => state),
        ['failed', 'kept'],
      );
      assert.match(ledger.entries[0]!.reason!, /at step \d+/);
      assert.equal(worker.said().match(/bad-1 …/g)?.length, times);
    }
  });

  it('has no worker that does not see the folder of the runs', async () => {
    const elsewhere = makeFolder();
    const refused = startMmp('worker', '--redis', redis.url, '--runs', elsewhere);
    assert.equal(await refused.ended, 1);
    const file = path.join(elsewhere, 'sweeps', 'folder.json');
    assert.ok(refused.said().includes(`mmp: ${file} on ${hostname()} is not there`));
    removeFolder(elsewhere);
  });

  it('loses a worker that does not see the folder any more, and no run', async () => {
    const worker = startWorker();
    await until('it waits', () => worker.said().includes('waiting for runs'));
    rmSync(path.join(runs, 'sweeps', 'folder.json'));
    await withQueue((queue) => queue.add('run', { name: first }, { jobId: first }));
    assert.equal(await worker.ended, 1);
    assert.match(worker.said(), /folder\.json on .* is not there/);
    assert.ok(!existsSync(path.join(runs, first)));
  });

  it('says within seconds that there is no Redis, and not its password', async () => {
    const url = 'redis://somebody:secret@127.0.0.1:1/0';
    const file = path.join(runs, 'sweep.yaml');
    writeFileSync(file, stringify(described));
    for (const command of [
      ['sweep', file],
      ['worker', '--jobs', '1'],
    ]) {
      const before = Date.now();
      const refused = startMmp(...command, '--runs', runs, '--redis', url);
      assert.equal(await refused.ended, 1);
      assert.ok(Date.now() - before < 8000);
      const expected =
        'mmp: Redis at redis://somebody:…@127.0.0.1:1/0 cannot be used: connect ECONNREFUSED';
      assert.ok(refused.said().includes(expected), refused.said());
      assert.doesNotMatch(refused.said(), /secret/);
    }
  });
});
