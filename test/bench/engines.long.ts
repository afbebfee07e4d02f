/** The engines, each in a process of its own, on a task small enough for all of them. */
import assert from 'node:assert/strict';
import { compareEngines } from '../../src/bench/agreement.js';
import { EngineProcess, type EngineCommand } from '../../src/bench/engineProcess.js';
import { findEngines, tfjsCommand, torchCommand } from '../../src/bench/engines.js';
import { measure } from '../../src/bench/measure.js';
import { agreementLines, kernelTable, measurementTable } from '../../src/bench/tables.js';
import { writeTask } from '../../src/bench/task.js';
import { mmpTask } from '../../src/bench/tasks.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { skip } from '../support/skip.js';
import { torchOrSkip } from '../support/torch.js';

/** An engine that is a few lines of JavaScript. */
const scripted = (script: string): EngineCommand => ({
  name: 'scripted',
  threads: 1,
  command: process.execPath,
  parameters: ['-e', script],
  environment: {},
});

const description = { threads: 1, hardware: 'cpu', device: 'a script', version: '0' };
const hello = `console.log('${JSON.stringify(description)}');`;

describe('the engines of the benchmark', () => {
  let folder: string;
  before(async () => {
    folder = makeFolder();
    // Unequal token counts, so that the token-count layers (D3) are in it.
    const sizes = { batch: 2, tokens: [6, 4, 5], width: 8, heads: 2 };
    await writeTask(folder, mmpTask('tiny', 'tiny', sizes));
  });
  after(() => {
    removeFolder(folder);
  });

  const job = (command: EngineCommand) => ({ engine: { command, ...description }, folder });

  it('wasm and cpu take the same steps, and tell what they did', async () => {
    const jobs = [job(tfjsCommand('wasm', 1)), job(tfjsCommand('cpu', 1))];
    const measurements = await measure(jobs, { rounds: 4, seconds: 60 });
    for (const { error, warmUps, milliseconds, values, profile } of measurements) {
      assert.equal(error, null);
      assert.equal(warmUps, 3);
      assert.equal(milliseconds.length, 4);
      assert.equal(values.length, 7);
      assert.ok(values[6]! < values[0]!, `training lowers the loss: ${values.join(', ')}`);
      assert.ok(profile!.kernels! > 100);
      assert.ok(profile!.peakTensors! > 60);
      assert.ok(profile!.peakBytes! > 0);
      assert.ok(profile!.byKernel.some(({ name }) => name === 'Affine'));
      const calls = profile!.byKernel.reduce((sum, kernel) => sum + kernel.calls, 0);
      assert.equal(calls, profile!.kernels);
    }
    const agreements = compareEngines(measurements);
    assert.deepEqual(
      agreements.map(({ engine, steps, agrees }) => [engine, steps, agrees]),
      [['cpu', 5, true]],
    );
    assert.match(measurementTable(measurements), /wasm +│ +1 │ +3 \+ 4 │/);
    assert.match(agreementLines(agreements), /cpu, 1 thread, against wasm: .* 5 steps later$/);
    assert.match(kernelTable(measurements[0]!), /Affine/);
  });

  it('PyTorch computes the same losses', async function () {
    const python = torchOrSkip(this);
    const jobs = [job(torchCommand(python, 1)), job(tfjsCommand('wasm', 1))];
    const measurements = await measure(jobs, { rounds: 3, seconds: 60 });
    assert.deepEqual(
      measurements.map(({ error }) => error),
      [null, null],
    );
    const [agreement] = compareEngines(measurements);
    assert.ok(agreement!.first < 1e-5 && agreement!.later < 1e-5, JSON.stringify(agreement));
  });

  it('steps that are queued train as single ones do', async function () {
    const commands = [tfjsCommand('wasm', 1), torchCommand(torchOrSkip(this), 1)];
    for (const command of commands) {
      const { engine } = await EngineProcess.start(command);
      const singly = [];
      assert.equal((await engine.prepare(folder)).queues, true);
      for (let count = 0; count < 4; count++) singly.push((await engine.step()).value);
      // Prepared anew, the task begins with its first parameters again.
      await engine.prepare(folder);
      const { values, milliseconds } = await engine.queue(4);
      assert.deepEqual(values, singly, command.name);
      assert.ok(milliseconds > 0);
      await engine.close();
    }
  });

  it('groups of queued steps are timed where the task trains, after one that is not', async () => {
    const limits = { rounds: 1, seconds: 60, queuedGroups: 2 };
    const gradients = makeFolder();
    const sizes = { batch: 2, tokens: [6, 4, 5], width: 8, heads: 2 };
    await writeTask(gradients, mmpTask('gradients', 'gradients', sizes, null));
    const jobs = [
      job(tfjsCommand('wasm', 1)),
      { ...job(tfjsCommand('wasm', 1)), folder: gradients },
    ];
    const measurements = await measure(jobs, limits);
    removeFolder(gradients);
    assert.deepEqual(
      measurements.map(({ error, queuedMilliseconds }) => [error, queuedMilliseconds.length]),
      [
        [null, 2],
        [null, 0],
      ],
    );
    assert.match(measurementTable(measurements), /queued ms/);
    const slow = await measure([job(tfjsCommand('wasm', 1))], { ...limits, seconds: 0.001 });
    assert.deepEqual(slow[0]!.queuedMilliseconds, [], 'a group that would not end in time');
  });

  it('PyTorch without CUDA is absent by name, and so is what cannot be started', async function () {
    const python = torchOrSkip(this);
    const found = await findEngines({ backends: [], torch: ['cuda'] }, () => python);
    if (found.present.length > 0) {
      const [{ hardware, device }] = found.present as [(typeof found.present)[0]];
      assert.equal(hardware, 'gpu nvidia');
      assert.match(device, /^GPU: .+, driver .+, CUDA .+, float32 without TF32$/);
    } else {
      assert.equal(found.absent[0]!.name, 'PyTorch cuda');
      assert.match(found.absent[0]!.reason, /CUDA|NVIDIA|GPU/);
    }
    const missing = await findEngines({ backends: [], torch: ['cpu'] }, () => '/no/such/python');
    assert.match(missing.absent[0]!.reason, /ENOENT/);
  });

  it('an engine out of time takes one step, and no more', async () => {
    const jobs = [job(tfjsCommand('wasm', 1))];
    const [measurement] = await measure(jobs, { rounds: 4, seconds: 0.001 });
    assert.equal(measurement!.warmUps, 1);
    assert.equal(measurement!.milliseconds.length, 1);
  });

  it('one that fails says why, and the others go on', async () => {
    const failing = scripted(`${hello} process.stdin.once('data', () => {
      console.error('first'); console.error('out of memory'); process.exit(3);
    });`);
    const refusing = scripted(`${hello} process.stdin.on('data', () => {
      console.log('{"error": "too large"}');
    });`);
    const jobs = [failing, refusing, tfjsCommand('wasm', 1)].map(job);
    const measurements = await measure(jobs, { rounds: 1, seconds: 60 });
    assert.deepEqual(
      measurements.map(({ error }) => error),
      ['ended by exit code 3: out of memory', 'too large', null],
    );
    assert.match(measurementTable(measurements), /scripted, 1 thread: failed: too large/);
  });

  it('one that does not answer is killed', async () => {
    const silent = scripted(`${hello} setInterval(() => {}, 1000);`);
    const { engine } = await EngineProcess.start(silent, 0.5);
    await assert.rejects(engine.prepare(folder), /no reply within 0.5 s/);
    await engine.close();
  });

  it('WebGPU in software is left out unless asked for by name', async function () {
    const named = await findEngines({ backends: ['webgpu'], torch: [] });
    if (named.present[0]?.hardware !== 'software') {
      skip(this, 'WebGPU has no software adapter here, or hardware');
    }
    const { present, absent } = await findEngines({ torch: [] });
    assert.ok(!present.some(({ command }) => command.name === 'webgpu'));
    const reason = absent.find(({ name }) => name === 'webgpu')!.reason;
    assert.match(reason, /many seconds on software, .*; ask for it by "--backends webgpu"$/);
  });

  it('what cannot run here is absent, with its reason', async () => {
    const noPython = () => {
      throw new Error('PyTorch needs Python');
    };
    const { present: found, absent } = await findEngines({ backends: ['cpu', 'webgl'] }, noPython);
    assert.deepEqual(
      found.map(({ command, threads }) => [command.name, threads]),
      [['cpu', 1]],
    );
    assert.equal(absent[0]!.reason, 'PyTorch needs Python');
    assert.match(absent[1]!.reason, /unknown backend "webgl"/);
    assert.equal(absent.length, 2);
  });
});
