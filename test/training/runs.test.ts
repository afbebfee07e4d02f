import assert from 'node:assert/strict';
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {
  isWholeRun,
  readRun,
  readValidations,
  RunFolder,
  runState,
} from '../../src/training/runs.js';
import { RunLock } from '../../src/training/lock.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { skip } from '../support/skip.js';

const run = {
  config: { method: 'mmp', seed: 3, model: { width: 8, rates: [0.1, 1e-7] } },
  environment: { backend: 'none' },
  records: [
    { step: 0, learningRate: 0.1, losses: { total: 1 / 3, alignment: 2e-9 } },
    { step: 1, learningRate: 0, losses: { total: 0.25, alignment: 0 } },
  ],
  parameters: {
    base: new Map([
      ['words.embedding', { shape: [2, 3], values: Float32Array.of(0.1, -2, 3e-40, 4, 5, 1e30) }],
      ['bias', { shape: [], values: Float32Array.of(7) }],
    ]),
    mmp: new Map([['bias', { shape: [2], values: Float32Array.of(-0, 1) }]]),
  },
  results: { test: { 'words + twemoji': 2 / 3, words: 0 } },
};
const files = [
  'config.json',
  'environment.json',
  'log.jsonl',
  'parameters.safetensors',
  'results.json',
];

describe('runs', () => {
  let folder: string;
  let written: RunFolder;
  beforeEach(() => {
    folder = makeFolder();
    written = new RunFolder(folder);
  });
  afterEach(() => {
    removeFolder(folder);
  });

  const writeWhole = () => {
    written.begin(run.config, run.environment);
    written.append(run.records);
    written.finish(run.parameters, run.results);
  };

  it('are read back as they were written', () => {
    writeWhole();
    assert.deepEqual(readRun(folder), run);
    assert.deepEqual(readdirSync(folder).sort(), files);
  });

  it('have a state', async () => {
    assert.equal(runState(folder), 'absent');
    written.begin(run.config, run.environment);
    assert.equal(runState(folder), 'stopped');
    const lock = await RunLock.acquire(folder);
    assert.equal(runState(folder), 'running');
    lock.release();
    written.fail({ message: 'NaN' });
    assert.equal(runState(folder), 'failed');
    written.finish(run.parameters, run.results);
    assert.equal(runState(folder), 'whole');
    assert.ok(isWholeRun(folder));
  });

  it('name the file that is not there', () => {
    for (const name of files) {
      writeWhole();
      rmSync(path.join(folder, name));
      assert.throws(() => readRun(folder), {
        message: new RegExp(`not a whole run: ${name} is not there; train it again`),
      });
      rmSync(path.join(folder, 'log.jsonl'), { force: true });
    }
  });

  it('name the file that is damaged', () => {
    for (const [name, message] of [
      ['parameters.safetensors', /parameters\.safetensors is not a whole .*truncated/],
      ['results.json', /: results\.json is damaged: /],
      ['config.json', /: config\.json is damaged: /],
    ] as const) {
      writeWhole();
      const whole = readFileSync(path.join(folder, name));
      writeFileSync(path.join(folder, name), whole.subarray(0, whole.length - 4));
      assert.throws(() => readRun(folder), { message });
    }
    writeWhole();
    writeFileSync(path.join(folder, 'log.jsonl'), '{"step": 0, \n');
    assert.throws(() => readRun(folder), /: log\.jsonl is damaged: /);
  });

  it('take their logs back to a step, without what a death has cut off', () => {
    written.begin(run.config, run.environment);
    written.append(run.records);
    written.appendValidation({ step: 1, loss: 2 });
    written.appendValidation({ step: 2, loss: 1 });
    for (const name of ['log.jsonl', 'validation.jsonl']) {
      appendFileSync(path.join(folder, name), '{"step": 2, "lo');
    }
    written.rewind(1);
    const log = readFileSync(path.join(folder, 'log.jsonl'), 'utf8');
    assert.equal(log, `${JSON.stringify(run.records[0])}\n`);
    assert.deepEqual(readValidations(folder), [{ step: 1, loss: 2 }]);
    written.rewind(0);
    assert.equal(readFileSync(path.join(folder, 'log.jsonl'), 'utf8'), '');
  });

  it('refuse to go on from a log that lacks a step', () => {
    written.begin(run.config, run.environment);
    written.append([run.records[1]!]);
    assert.throws(() => {
      written.rewind(1);
    }, /log\.jsonl lacks step 0; train the run again/);
  });

  it('say that the disk is full, and keep what was written', function () {
    if (process.platform !== 'linux') skip(this, '/dev/full is a device of Linux');
    written.begin(run.config, run.environment);
    symlinkSync('/dev/full', path.join(folder, 'log.jsonl'));
    assert.throws(() => {
      written.append(run.records);
    }, /cannot write .*log\.jsonl: ENOSPC/);
    assert.equal(runState(folder), 'stopped');
  });
});
