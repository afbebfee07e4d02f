/** Sweeps as notebooks train them: anew, on the current backend, every step told of. */
import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { TrainedRun } from '../../src/experiments/trainRun.js';
import { expandSweep } from '../../src/sweep/sweepFile.js';
import { trainSweep, type SweepProgress } from '../../src/sweep/trainSweep.js';
import { describeBackend } from '../../src/tensor/backend.js';
import type { TrainingRecord } from '../../src/training/train.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { tiny } from '../support/sweeps.js';

const { steps } = tiny.budget;

describe('a sweep that is trained in a notebook', function () {
  this.timeout(120_000);
  const current = describeBackend;
  let runs: string;
  before(() => {
    runs = makeFolder();
  });
  after(() => {
    removeFolder(runs);
  });

  const sweepOf = (name: string, ofBase: object = {}) =>
    expandSweep(
      {
        name,
        // Another backend than the current one, which is taken all the same.
        common: { ...tiny, backend: current().name === 'cpu' ? 'wasm' : 'cpu' },
        runs: [
          { name: 'mmp', method: 'mmp', from: 'base' },
          { name: 'base', method: 'dropout', ...ofBase },
        ],
      },
      'test',
    );

  /** Trains, and puts together what was told of each run. */
  const trainTold = async (): Promise<{ trained: TrainedRun[]; told: SweepProgress[] }> => {
    const told: SweepProgress[] = [];
    const onProgress = (progress: SweepProgress) => told.push(progress);
    return { trained: await trainSweep(sweepOf('small'), { runs, onProgress }), told };
  };

  const expectAll = ({ trained, told }: Awaited<ReturnType<typeof trainTold>>) => {
    assert.deepEqual(
      trained.map(({ config }) => config.label),
      ['dropout', 'mmp'],
    );
    for (const { config, environment, records } of trained) {
      const { name } = current();
      assert.deepEqual([config.backend, environment.backend.name], [name, name]);
      const own = told.filter(({ label, seed }) => label === config.label && seed === config.seed);
      const heard: TrainingRecord[] = own.flatMap((progress) => progress.records);
      assert.equal(heard.length, steps);
      assert.deepEqual(heard, records);
    }
    let done = 0;
    for (const progress of told) {
      done += progress.records.length;
      assert.deepEqual([progress.done, progress.total], [done, 2 * steps]);
    }
  };

  it('tells every step once, and trains anew what an earlier time left', async () => {
    const first = await trainTold();
    expectAll(first);
    const left = path.join(runs, 'sweeps/small/base-1/left.txt');
    writeFileSync(left, '');
    const second = await trainTold();
    expectAll(second);
    assert.ok(!existsSync(left));
    assert.deepEqual(
      second.trained.map(({ records }) => records),
      first.trained.map(({ records }) => records),
    );
  });

  it('keeps runs of the very configuration where it is asked to, whole or not, and tells of their steps', async () => {
    const leftIn = (name: string) => path.join(runs, `sweeps/small/${name}-1/left.txt`);
    for (const name of ['base', 'mmp']) writeFileSync(leftIn(name), '');
    // As if it had been killed before its last words
    rmSync(path.join(runs, 'sweeps/small/base-1/results.json'));
    const { jobs, name } = sweepOf('small');
    const changed = jobs.map((job) =>
      job.variant === 'base' ? job : { ...job, config: { ...job.config, seed: 2 } },
    );
    let done = 0;
    await trainSweep(
      { name, jobs: changed },
      { runs, keep: true, onProgress: (progress) => (done = progress.done) },
    );
    assert.deepEqual(
      ['base', 'mmp'].map((each) => existsSync(leftIn(each))),
      [true, false],
    );
    assert.equal(done, 2 * steps);
  });

  it('throws the error of a run, with its name', async () => {
    const sweep = sweepOf('failing', { optimiser: { learningRate: 1e30 } });
    await assert.rejects(
      trainSweep(sweep, { runs }),
      /^Error: sweeps\/failing\/base-1: training stopped: .* at step/,
    );
  });
});
