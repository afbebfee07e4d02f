/** Sweeps on one machine: what two processes train is what one trains, whatever happens to them. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { trainRun } from '../../src/experiments/trainRun.js';
import { useBackend } from '../../src/tensor/backend.js';
import { runState } from '../../src/training/runs.js';
import { runLocally } from '../../src/sweep/local.js';
import { expandSweep, type Sweep } from '../../src/sweep/sweepFile.js';
import { makeFolder, removeFolder } from '../support/folders.js';
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

const names = ({ jobs }: Sweep) => jobs.map(({ name }) => name);

describe('a sweep on this machine', function () {
  this.timeout(120_000);
  let runs: string;
  /** Where one process has trained two runs that take a little longer */
  let here: string;
  const two = expandSweep(
    { name: 'two', seeds: [1, 2], common: long, runs: [{ name: 'a', method: 'dropout' }] },
    'test',
  );
  before(async () => {
    here = makeFolder();
    await trainHere(two);
  });
  after(() => {
    removeFolder(here);
  });
  beforeEach(() => {
    runs = makeFolder();
  });
  afterEach(() => {
    removeFolder(runs);
  });
  const run = (sweep: Sweep, signal = new AbortController().signal) => {
    const report = keptReport();
    const ended = runLocally(sweep, { runs, report, signal, size: 2 });
    return { ended, lines: report.lines };
  };
  /** Trains all runs in this process, one after the other. */
  const trainHere = async ({ jobs }: Sweep): Promise<void> => {
    await useBackend('wasm');
    for (const { name, config } of jobs) await trainRun(config, { runs: here, name });
  };

  it('trains the same bits as one process, and what is there not again', async () => {
    const sweep = expandSweep(
      {
        name: 'small',
        seeds: [1, 2],
        common: tiny,
        runs: [
          { name: 'mmp', method: 'mmp', from: 'base', vary: { 'mmp.aggregated': [1, 2] } },
          { name: 'base', method: 'dropout' },
        ],
      },
      'test',
    );
    const { ended, lines } = run(sweep);
    assert.ok((await ended).allWhole(), lines.join('\n'));
    await trainHere(sweep);
    assertSameRuns(names(sweep), runs, here);

    const again = run(sweep);
    assert.ok((await again.ended).allWhole());
    assert.deepEqual(
      again.lines.filter((line) => line.includes('began')),
      [],
    );
  });

  it('goes on with a run whose process is killed', async () => {
    const { ended, lines } = run(two);
    const id = await halfWay(path.join(runs, names(two)[0]!));
    process.kill(id, 'SIGKILL');
    assert.ok((await ended).allWhole(), lines.join('\n'));
    const told = `${names(two)[0]}: process ${id} was ended by SIGKILL`;
    assert.ok(lines.includes(told), lines.join('\n'));
    assertSameRuns(names(two), runs, here);
  });

  it('gives a run up whose process is killed three times', async () => {
    const sweep = expandSweep(
      { name: 'unlucky', common: long, runs: [{ name: 'a', method: 'dropout' }] },
      'test',
    );
    const folder = path.join(runs, names(sweep)[0]!);
    const { ended, lines } = run(sweep);
    const killed = new Set<number>();
    while (killed.size < 3) {
      const id = await halfWay(folder);
      if (killed.has(id)) continue;
      process.kill(id, 'SIGKILL');
      killed.add(id);
      await until('it is dead', () => !isAlive(id));
    }
    assert.ok(!(await ended).allWhole());
    assert.match(lines.at(-1)!, /^a-1 failed: 3 times: process \d+ was ended by SIGKILL$/);
    assert.equal(runState(folder), 'stopped');
  });

  it('tries a run that fails only once, and names what is not run for it', async () => {
    const sweep = expandSweep(
      {
        name: 'failing',
        common: tiny,
        runs: [
          { name: 'bad', method: 'dropout', optimiser: { learningRate: 1e30 } },
          { name: 'after', method: 'mmp', from: 'bad' },
          { name: 'good', method: 'dropout' },
        ],
      },
      'test',
    );
    const { ended, lines } = run(sweep);
    const ledger = await ended;
    assert.deepEqual(
      ledger.entries.map(({ state }) => state),
      ['failed', 'kept', 'whole'],
    );
    assert.equal(lines.filter((line) => line === 'bad-1 began').length, 1);
    assert.match(ledger.entries[0]!.reason!, /step/);
    assert.equal(ledger.entries[1]!.reason, 'sweeps/failing/bad-1 failed');
    assert.ok(!existsSync(path.join(runs, names(sweep)[1]!)));
  });

  it('saves checkpoints when it is stopped, leaves no process, and goes on to the same bits', async () => {
    const stopping = new AbortController();
    const { ended } = run(two, stopping.signal);
    const folders = names(two).map((name) => path.join(runs, name));
    const ids = await Promise.all(folders.map(halfWay));
    stopping.abort();
    const ledger = await ended;
    assert.deepEqual(
      ledger.entries.map(({ state }) => state),
      ['waiting', 'waiting'],
    );
    await until('the processes are gone', () => !ids.some(isAlive));
    assert.deepEqual(folders.map(runState), ['stopped', 'stopped']);
    for (const folder of folders) assert.ok(loggedSteps(folder).length < long.budget.steps);

    assert.ok((await run(two).ended).allWhole());
    assertSameRuns(names(two), runs, here);
  });

  it('is refused when a run to start from is not there', async () => {
    const sweep = expandSweep(
      { name: 's', common: tiny, runs: [{ name: 'a', method: 'mmp', from: 'no/such' }] },
      'test',
    );
    await assert.rejects(run(sweep).ended, /run "a": from: .*no.such is no whole run/);
  });
});
