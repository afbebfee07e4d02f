/** The order of steps of the benchmark on a GPU, on a machine without one. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  runGpuBench,
  type GpuBenchOptions,
  type GpuBenchResult,
} from '../../../src/bench/gpu/run.js';
import { makeFolder, removeFolder } from '../../support/folders.js';
import { goldenFolder } from '../../support/fixtures.js';
import { skip } from '../../support/skip.js';

describe('the order of the benchmark on a GPU', () => {
  let folder: string;
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => {
    removeFolder(folder);
  });

  const run = async (options: Partial<GpuBenchOptions>) => {
    const told: string[] = [];
    const wanted = { only: [], rounds: 1, seconds: 300, golden: [goldenFolder], ...options };
    const passed = await runGpuBench(folder, { python: '/no/such/python', ...wanted }, (text) =>
      told.push(text),
    );
    const file = path.join(folder, 'results.json');
    const result = JSON.parse(readFileSync(file, 'utf8')) as GpuBenchResult;
    const states = result.steps.map(({ name, state }) => `${name}: ${state}`);
    return { passed, result, states, told };
  };

  it('refuses a step that it does not know', async () => {
    const only = ['x'] as unknown as GpuBenchOptions['only'];
    await assert.rejects(run({ only }), { message: /no step "x"; there are verify, tests, a, b/ });
  });

  it('needs a GPU unless software is asked for, and says so of each step', async function () {
    const { passed, result, states } = await run({ only: ['verify', 'tests', 'a'] });
    if (result.adapter?.gpu) {
      skip(this, 'this machine has a GPU');
    }
    assert.equal(passed, false);
    assert.deepEqual(states, ['adapter: failed', 'verify: not run', 'tests: not run', 'a: failed']);
    assert.equal(result.steps[3]!.said, 'neither webgpu nor cuda runs here');
    assert.deepEqual(
      result.absent.map(({ name }) => name),
      ['PyTorch cuda', 'cuda'],
    );
    assert.deepEqual(result.tasks[0]!.measurements, [], 'nothing in software, unasked');
    assert.match(readFileSync(path.join(folder, 'report.md'), 'utf8'), /\| adapter \| failed \|/);
    assert.ok(existsSync(path.join(folder, 'log.txt')));
  });

  it('goes on after a step that fails, and does not pass', async function () {
    const golden = [path.join(folder, 'nothing-here')];
    const { passed, result, states, told } = await run({
      software: true,
      only: ['verify'],
      golden,
    });
    if (result.adapter?.gpu !== false) {
      skip(this, 'WebGPU has no software adapter here');
    }
    assert.equal(passed, false);
    assert.deepEqual(states, ['adapter: passed', 'verify: failed']);
    assert.match(result.steps[1]!.said, /^verify: FAIL worst Infinity/);
    assert.match(told.at(-1)!, /\| verify \| failed \|/);
  });

  it('ends when the time is over', async () => {
    const { passed, states } = await run({ software: true, only: ['verify', 'b'], seconds: 0.5 });
    assert.equal(passed, false);
    assert.deepEqual(states, ['adapter: not run', 'verify: not run', 'b: not run']);
  });
});
