/** One run: whole, stopped, continued, and everything that must not make it lie. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { resolveRun, type RunConfig, type RunOptions } from '../../src/experiments/config.js';
import {
  newTraining,
  trainRun,
  type TrainedRun,
  type TrainRunOptions,
} from '../../src/experiments/trainRun.js';
import { readSafetensors } from '../../src/files/safetensors.js';
import { describeBackend, runsInWorkers } from '../../src/tensor/backend.js';
import { tf } from '../../src/tensor/tf.js';
import { RunIsLocked, RunLock } from '../../src/training/lock.js';
import { readRun, readValidations, runState } from '../../src/training/runs.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { standInCell } from '../support/kernel.js';
import { noNaN, skip } from '../support/skip.js';
import { assertSameRun } from '../support/runs.js';

const steps = 12;
const tiny = (options: RunOptions): RunConfig =>
  resolveRun(
    {
      model: { name: 'smallVilt', width: 16, heads: 2, layers: 1 },
      ...options,
      budget: { steps, batchSize: 8, checkpointEvery: 4, ...options.budget },
    },
    'test',
  );
const dropout = tiny({ method: 'dropout' });
const onPairs = {
  data: { name: 'emojiPairs' },
  model: { name: 'vilt', width: 16, heads: 2, layers: 1 },
} as const;

const onClips = {
  data: { name: 'syntheticSentiment', clips: { train: 24, validation: 6, test: 6 } },
  model: { name: 'mult', width: 8, heads: 2, layers: 1 },
} as const;

describe('a run', function () {
  this.timeout(300_000);
  let runs: string;
  before(async () => {
    runs = makeFolder();
    await trainRun(dropout, { runs, name: 'whole' });
  });
  after(() => {
    removeFolder(runs);
  });

  let count = 0;
  const newName = () => `run-${++count}`;
  const folderOf = (name: string) => path.join(runs, name);
  const train = (config: RunConfig, name: string, options: Partial<TrainRunOptions> = {}) =>
    trainRun(config, { runs, name, ...options });
  const read = (name: string): TrainedRun => readRun(folderOf(name));
  const bytes = (name: string, file: string) => readFileSync(path.join(folderOf(name), file));
  const checkpoints = (name: string) =>
    readdirSync(path.join(folderOf(name), 'checkpoints'))
      .sort()
      .map((file) => path.join(folderOf(name), 'checkpoints', file));

  /** Trains until so many steps are done, and stops. */
  const trainUntil = async (config: RunConfig, name: string, until: number, resume = false) => {
    const controller = new AbortController();
    const reason = new Error('stopped by the test');
    const training = train(config, name, {
      resume,
      signal: controller.signal,
      onProgress: (_, done) => {
        if (done >= until) controller.abort(reason);
      },
    });
    await assert.rejects(training, (error) => error === reason);
  };

  const expectSame = (name: string, other: string) => {
    assertSameRun(folderOf(name), folderOf(other));
  };

  it('leaves its configuration, its log, parameters and results', () => {
    const { config, environment, records, parameters, results } = read('whole');
    assert.deepEqual(config, dropout);
    assert.deepEqual(environment.backend, describeBackend());
    assert.deepEqual(
      records.map(({ step }) => step),
      Array.from({ length: steps }, (_, step) => step),
    );
    assert.deepEqual(Object.keys(parameters), ['base']);
    for (const table of [results.validation, results.test]) {
      assert.equal(Object.keys(table).length, 7);
      for (const value of Object.values(table)) assert.ok(value >= 0 && value <= 1);
    }
    assert.equal(runState(folderOf('whole')), 'whole');
  });

  it('of pretraining leaves a network for others to start from', async () => {
    const [name, next] = [newName(), newName()];
    await train(tiny({ method: 'pretraining', ...onPairs }), name);
    const { parameters, records, results } = read(name);
    assert.deepEqual(Object.keys(parameters), ['base', 'pretraining']);
    assert.deepEqual(Object.keys(records[0]!.losses), ['total', 'words', 'matching']);
    for (const table of [results.validation, results.test]) {
      assert.deepEqual(Object.keys(table), ['matching']);
      assert.ok(table.matching! > 0 && table.matching! < 1);
    }
    const config = tiny({ method: 'dropout', ...onPairs, from: name });
    const start = newTraining(config, runs);
    assert.deepEqual(await start.model.base.parameters.read(), parameters.base);
    start.dispose();
    await train(config, next);
    assert.equal(Object.keys(read(next).results.test).length, 3);
  });

  it('ends with the parameters of its best validation when it is to keep these', async () => {
    const wild = {
      method: 'dropout',
      optimiser: { learningRate: 3 },
      schedule: { kind: 'constant' },
    } as const;
    const budget = { validateEvery: 3, checkpointEvery: 3 };
    const [best, last] = [newName(), newName()];
    await train(tiny({ ...wild, budget: { ...budget, keep: 'best' } }), best);
    await train(tiny({ ...wild, budget }), last);
    const validations = readValidations(folderOf(best));
    const losses = validations.map(({ loss }) => loss);
    const { step } = validations[losses.indexOf(Math.min(...losses))]!;
    assert.ok(step < steps, 'a run that is best in the end shows nothing');
    const stopped = newName();
    await trainUntil(tiny({ ...wild, budget: { ...budget, keepCheckpoints: 9 } }), stopped, step);
    const { tensors } = readSafetensors(checkpoints(stopped).at(-1)!);
    const { parameters } = read(best);
    for (const [name, { values }] of parameters.base!) {
      assert.deepEqual(values, tensors.get(`base/${name}`)!.values, name);
    }
    assert.notDeepEqual(parameters, read(last).parameters);
  });

  it('tells its progress', async () => {
    const told: [number, number, number][] = [];
    await train(dropout, newName(), {
      onProgress: (records, done, total) => told.push([records.length, done, total]),
    });
    assert.deepEqual(told, [
      [4, 4, steps],
      [4, 8, steps],
      [4, 12, steps],
    ]);
  });

  describe('that was stopped', () => {
    const cell = standInCell();
    const reason = new Error('interrupted by the reader');
    before(function () {
      if (!runsInWorkers(describeBackend().name) && describeBackend().gpu) {
        skip(this, 'a GPU does not add up in the same order each time');
      }
    });
    const kinds: Record<string, RunOptions> = {
      'with MMP and everything trained': { method: 'mmp', from: 'whole' },
      'with a frozen base network': { method: 'mmp', from: 'whole', freezeBase: true },
      'with one linear layer': { method: 'linear+align', from: 'whole' },
      'with clipped and accumulated gradients': {
        method: 'dropout',
        optimiser: {
          accumulation: { batches: 3, sum: true, clipEach: true },
          clipping: { kind: 'value', limit: 0.01 },
        },
      },
      'with a rate that follows validations': {
        method: 'dropout',
        schedule: { kind: 'plateau', factor: 0.5, patience: 0 },
        budget: { validateEvery: 2 },
      },
      'with the best of its validations': {
        method: 'dropout',
        optimiser: { learningRate: 0.3 },
        budget: { validateEvery: 2, validateOn: 'all', keep: 'best' },
      },
      'of pretraining': { method: 'pretraining', ...onPairs },
      'of a regression': { method: 'mmp', ...onClips },
      'with batch normalisation': { method: 'dropout', ...onClips, model: { name: 'lmf' } },
      'with an adaptation of a frozen network': {
        method: 'adaptation',
        adaptation: { kind: 'scaleShift' },
        from: 'whole',
      },
    };
    for (const [kind, options] of Object.entries(kinds)) {
      it(`goes on to the same bits, ${kind}`, async () => {
        const config = tiny(options);
        const [whole, stopped] = [newName(), newName()];
        await train(config, whole);
        // Between two checkpoints, at one, and not at all.
        for (const until of [3, 8]) await trainUntil(config, stopped, until, true);
        await train(config, stopped, { resume: true });
        expectSame(stopped, whole);
      });
    }

    it('goes on to the same bits when it was stopped within a validation', async () => {
      const config = tiny({ method: 'dropout', budget: { validateEvery: 3 } });
      const [whole, stopped] = [newName(), newName()];
      await train(config, whole);
      let told = 0;
      const inValidation = train(config, stopped, {
        onProgress: () => {
          // The sixth step is told of before its validation; the next look at the cell is in it.
          if (++told === 3) cell.interrupt(reason);
        },
      });
      await assert.rejects(inValidation, (error) => error === reason);
      cell.restart();
      assert.ok(readValidations(folderOf(stopped)).length < 2);
      await train(config, stopped, { resume: true });
      expectSame(stopped, whole);
    });

    it('goes on from the checkpoint before when the last is damaged, and says so', async () => {
      const name = newName();
      await trainUntil(dropout, name, 8);
      truncateSync(checkpoints(name).at(-1)!, 5000);
      const warnings: string[] = [];
      await train(dropout, name, { resume: true, onWarning: (one) => warnings.push(one) });
      assert.equal(warnings.length, 1);
      assert.match(warnings[0]!, /step-000000008.* is not a whole .*; that of step 4 is used$/);
      expectSame(name, 'whole');
    });

    it('begins again when every checkpoint is damaged', async () => {
      const name = newName();
      await trainUntil(dropout, name, 8);
      for (const file of checkpoints(name)) writeFileSync(file, '');
      const warnings: string[] = [];
      await train(dropout, name, { resume: true, onWarning: (one) => warnings.push(one) });
      assert.equal(warnings.length, 2);
      assert.match(warnings[1]!, /; the run begins again$/);
      expectSame(name, 'whole');
    });

    it('is what a run without a checkpoint is, too', async () => {
      const name = newName();
      await trainUntil(dropout, name, 4);
      rmSync(path.join(folderOf(name), 'checkpoints'), { recursive: true });
      await train(dropout, name, { resume: true });
      expectSame(name, 'whole');
    });
  });

  it('keeps no tensor, whether it ends or stops', async () => {
    const before = tf.memory().numTensors;
    await train(dropout, newName());
    assert.equal(tf.memory().numTensors, before, 'after its end');
    await trainUntil(dropout, newName(), 4);
    assert.equal(tf.memory().numTensors, before, 'after it stopped');
  });

  describe('whose numbers become none', () => {
    before(function () {
      if (describeBackend().name === 'webgpu') skip(this, noNaN);
    });

    /** A rate that is too high from the first step on. */
    const wild = (learningRate: number) =>
      tiny({ method: 'dropout', schedule: { kind: 'constant' }, optimiser: { learningRate } });
    const expectFailure = async (name: string, config: RunConfig, message: RegExp) => {
      const before = tf.memory().numTensors;
      await assert.rejects(train(config, name, { resume: true }), { message });
      assert.equal(tf.memory().numTensors, before);
      assert.equal(runState(folderOf(name)), 'failed');
      const failure = JSON.parse(String(bytes(name, 'failure.json'))) as { message: string };
      assert.match(failure.message, message);
    };

    it('names the loss when parameters were finite until then', async () => {
      // Products of parameters overflow, not the parameters themselves.
      const message =
        /the loss "total" is NaN at step 1; the first was the loss total, NaN at step 1; there is no checkpoint yet/;
      await expectFailure(newName(), wild(1e30), message);
    });

    it('names the parameter that is none after an update', async () => {
      const message = /at step 1; the first was the tensor base\/\S+, \S+ at step 0; there is no/;
      await expectFailure(newName(), wild(4e38), message);
    });

    it('keeps the last good checkpoint', async () => {
      const name = newName();
      await trainUntil(wild(1e-3), name, 4);
      writeFileSync(path.join(folderOf(name), 'config.json'), JSON.stringify(wild(4e38)));
      const message = /at step 5; the first was the tensor .* at step 4; .* step 4 is kept in/;
      await expectFailure(name, wild(4e38), message);
      assert.equal(checkpoints(name).length, 1);
    });
  });

  describe('is refused, and nothing is lost,', () => {
    const snapshot = (folder: string) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => path.basename(file).includes('.'))
        .sort()
        .map((file) => [file, readFileSync(path.join(folder, file)).toString('base64')]);
    const refused = async (
      config: RunConfig,
      name: string,
      message: RegExp,
      options: Partial<TrainRunOptions> = {},
    ) => {
      const before = existsSync(folderOf(name)) ? snapshot(folderOf(name)) : undefined;
      await assert.rejects(train(config, name, options), message);
      assert.deepEqual(existsSync(folderOf(name)) ? snapshot(folderOf(name)) : undefined, before);
    };

    it('where a run of its name is', async () => {
      await refused(dropout, 'whole', /whole is there already; choose another name, or --resume/);
      const name = newName();
      await trainUntil(dropout, name, 4);
      await refused(dropout, name, /was begun already; choose another name, or --resume/);
    });

    it('where the run has another configuration', async () => {
      const other = tiny({ method: 'dropout', seed: 2, optimiser: { weightDecay: 0 } });
      const message = /another configuration: optimiser\.weightDecay, seed differ/;
      await refused(other, 'whole', message, { resume: true });
    });

    it('where it was begun on another backend', async () => {
      const name = newName();
      await trainUntil(dropout, name, 4);
      const file = path.join(folderOf(name), 'environment.json');
      const environment = JSON.parse(readFileSync(file, 'utf8')) as { backend: object };
      writeFileSync(file, JSON.stringify({ backend: { ...environment.backend, name: 'abacus' } }));
      const message = /was begun on abacus and would give other numbers on .*--backend abacus/;
      await refused(dropout, name, message, { resume: true });
    });

    it('where its configuration is damaged', async () => {
      const name = newName();
      await trainUntil(dropout, name, 4);
      writeFileSync(path.join(folderOf(name), 'config.json'), '{"method": "drop');
      await refused(dropout, name, /config\.json is damaged/, { resume: true });
    });

    it('where the run that it starts from is not whole', async () => {
      const from = (run: string) => tiny({ method: 'mmp', from: run });
      await refused(from('nowhere'), newName(), /from: .*nowhere is no whole run but absent/);
      const name = newName();
      await trainUntil(dropout, name, 4);
      await refused(from(name), newName(), /is no whole run but stopped; train it first/);
    });

    it('where its folder holds something else', async () => {
      const name = newName();
      mkdirSync(folderOf(name));
      writeFileSync(path.join(folderOf(name), 'thesis.tex'), '');
      await refused(dropout, name, /is no run: it holds thesis\.tex; choose another name/);
    });

    it('where somebody trains it', async () => {
      const name = newName();
      await trainUntil(dropout, name, 4);
      const lock = await RunLock.acquire(folderOf(name));
      await assert.rejects(train(dropout, name, { resume: true }), RunIsLocked);
      lock.release();
    });

    it('where its folder cannot be made', async () => {
      writeFileSync(folderOf('file'), '');
      await assert.rejects(train(dropout, 'file/run'), /file/);
    });

    it('where the run that it starts from has other networks', async () => {
      const model = { name: 'smallVilt', width: 32, heads: 2, layers: 1 } as const;
      const config = tiny({ method: 'mmp', from: 'whole', model });
      const before = tf.memory().numTensors;
      await refused(
        config,
        newName(),
        /from: the base network of whole cannot be taken: .*must be/,
      );
      assert.equal(tf.memory().numTensors, before);
    });

    it('where the run that it starts from is of another network', async () => {
      const config = tiny({ method: 'mmp', from: 'whole', ...onPairs });
      const message = /from: the base network of whole is a smallVilt, and model\.name is vilt/;
      await refused(config, newName(), message);
    });

    it('where its folder would lie elsewhere', async () => {
      await refused(dropout, '../elsewhere', /the run \.\.\/elsewhere would lie outside of /);
    });

    it('where its masking names other modalities', async () => {
      const config = tiny({
        method: 'dropout',
        masking: { kind: 'scenarios', masked: [['smell']] },
      });
      await refused(config, newName(), /unknown modality "smell"/);
    });
  });

  it('stops when the disk is full, and keeps the last checkpoint', async function () {
    if (process.platform !== 'linux') skip(this, '/dev/full is a device of Linux');
    const name = newName();
    const log = path.join(folderOf(name), 'log.jsonl');
    const training = train(dropout, name, {
      onProgress: (_, done) => {
        if (done !== 8) return;
        rmSync(log);
        symlinkSync('/dev/full', log);
      },
    });
    await assert.rejects(training, /cannot write .*log\.jsonl: ENOSPC.*step 8 is kept.*--resume/);
    rmSync(log);
    assert.equal(runState(folderOf(name)), 'stopped');
    assert.equal(checkpoints(name).length, 2);
  });

  it('begins where another was killed in beginning', async () => {
    const name = newName();
    mkdirSync(folderOf(name));
    for (const file of ['lock.json', 'environment.json', 'config.json.1234567']) {
      writeFileSync(path.join(folderOf(name), file), '{"ba');
    }
    await train(dropout, name);
    expectSame(name, 'whole');
  });

  it('that failed can be tried again', async () => {
    const name = newName();
    await trainUntil(dropout, name, 4);
    writeFileSync(path.join(folderOf(name), 'failure.json'), '{"message": "NaN"}');
    assert.equal(runState(folderOf(name)), 'failed');
    await train(dropout, name, { resume: true });
    expectSame(name, 'whole');
    assert.ok(!existsSync(path.join(folderOf(name), 'failure.json')));
  });

  it('remembers what its validations found', async () => {
    const name = newName();
    await train(tiny({ method: 'dropout', budget: { validateEvery: 5 } }), name);
    assert.deepEqual(
      readValidations(folderOf(name)).map(({ step }) => step),
      [5, 10, 12],
    );
  });
});
