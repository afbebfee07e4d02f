import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beginFolder } from '../../src/files/folders.js';
import { isWholeRun, readRun, writeRun } from '../../src/training/runs.js';
import { makeFolder, removeFolder } from '../support/folders.js';

const run = {
  config: { method: 'dropout + mmp', seed: 3, settings: { width: 8, rates: [0.1, 1e-7] } },
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
const files = ['config.json', 'log.jsonl', 'parameters.safetensors', 'results.json'];

describe('runs', () => {
  let parent: string;
  let folder: string;
  beforeEach(() => {
    parent = makeFolder();
    folder = path.join(parent, 'dropout-3');
  });
  afterEach(() => {
    removeFolder(parent);
  });

  it('are read back as they were written', () => {
    writeRun(folder, run);
    assert.deepEqual(readRun(folder), run);
    assert.deepEqual(readdirSync(folder).sort(), files);
    assert.deepEqual(readdirSync(parent), ['dropout-3']);
    assert.ok(isWholeRun(folder));
  });

  it('replace what stood there', () => {
    writeRun(folder, run);
    const other = {
      config: { seed: 4 },
      records: [],
      parameters: { base: run.parameters.mmp },
      results: {},
    };
    writeRun(folder, other);
    assert.deepEqual(readRun(folder), other);
  });

  it('name the file that is not there', () => {
    for (const name of files) {
      writeRun(folder, run);
      rmSync(path.join(folder, name));
      assert.throws(() => readRun(folder), {
        message: new RegExp(`not a whole run: ${name} is not there; train it again`),
      });
    }
  });

  it('name the file that is damaged', () => {
    for (const [name, message] of [
      ['parameters.safetensors', /dropout-3\/parameters\.safetensors is not a whole .*truncated/],
      ['results.json', /dropout-3: results\.json is damaged: /],
      ['config.json', /dropout-3: config\.json is damaged: /],
      ['log.jsonl', /dropout-3: log\.jsonl is damaged: /],
    ] as const) {
      writeRun(folder, run);
      const whole = readFileSync(path.join(folder, name));
      writeFileSync(path.join(folder, name), whole.subarray(0, whole.length - 4));
      assert.throws(() => readRun(folder), { message });
    }
  });

  it('name a folder that cannot be written', () => {
    const blocked = path.join(parent, 'file');
    writeFileSync(blocked, '');
    assert.throws(() => {
      writeRun(path.join(blocked, 'runs', 'dropout-3'), run);
    }, /cannot write .*file\/runs\/dropout-3: /);
  });

  it('are not whole while they are being written', () => {
    const partial = beginFolder(folder);
    writeFileSync(path.join(partial, 'config.json'), '{}');
    assert.ok(!isWholeRun(partial));
    assert.ok(!isWholeRun(folder));
    // What was begun is no hindrance to the run itself.
    writeRun(folder, run);
    assert.ok(isWholeRun(folder));
  });
});
