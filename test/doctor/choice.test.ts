/** What the doctor says of the backend that runs unasked. */
import assert from 'node:assert/strict';
import { checkChoice } from '../../src/doctor/backends.js';
import { chooseBackend } from '../../src/doctor/checks/backend.js';
import { describeBackend, useBackend } from '../../src/tensor/backend.js';
import { probeOf, replying, type Machine } from '../support/doctor.js';

describe('the choice of a backend', () => {
  const choice = {
    chosen: 'wasm',
    refused: [
      { request: 'cuda', reason: 'no build' },
      { request: 'webgpu', reason: 'no GPU' },
    ],
  };
  const findingOf = async (machine: Machine) => (await checkChoice(probeOf(machine))).finding;

  it('is told with the reasons against those that come before', async () => {
    const commands = { 'main.js choice': replying(choice) };
    const { state, detail, remedy } = await findingOf({ commands });
    assert.deepEqual(
      [state, detail, remedy],
      ['ok', 'wasm; not cuda: no build; not webgpu: no GPU', null],
    );
    const asked = await findingOf({ commands, environment: { MMP_BACKEND: 'cpu' } });
    assert.match(asked.detail, /; MMP_BACKEND asks for cpu$/);
  });

  it('fails where none can run, and where it crashes', async () => {
    const none = replying({ ...choice, chosen: null });
    const failed = await findingOf({ commands: { 'main.js choice': none } });
    assert.equal(failed.state, 'failed');
    assert.match(failed.detail, /^none can run; not cuda: no build/);
    const crash = { 'main.js choice': { failure: 'ended by SIGSEGV' } };
    const { unasked, finding } = await checkChoice(probeOf({ commands: crash }));
    assert.equal(unasked, null);
    assert.equal(finding.state, 'failed');
    assert.match(finding.detail, /ended by SIGSEGV$/);
  });

  it('takes the first road that starts, in their order', async () => {
    const refusing = () => Promise.reject(new Error('not here\nand more'));
    const starting = () => Promise.resolve();
    const roads = [
      { request: 'cuda', start: refusing },
      { request: 'cpu', start: starting },
      { request: 'wasm', start: starting },
    ] as const;
    assert.deepEqual(await chooseBackend(roads), {
      chosen: 'cpu',
      refused: [{ request: 'cuda', reason: 'not here' }],
    });
    assert.equal((await chooseBackend(roads.slice(0, 1))).chosen, null);
  });

  it('fails by a setting that a run would fail by', async () => {
    const { name } = describeBackend();
    const before = process.env.MMP_THREADS;
    await useBackend('wasm');
    process.env.MMP_THREADS = 'many';
    try {
      const start = () => Promise.resolve();
      await assert.rejects(chooseBackend([{ request: 'wasm', start }]), /MMP_THREADS/);
    } finally {
      if (before === undefined) delete process.env.MMP_THREADS;
      else process.env.MMP_THREADS = before;
      await useBackend(name);
    }
  });
});
