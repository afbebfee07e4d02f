/** What the doctor makes of the answers about backends. */
import assert from 'node:assert/strict';
import { backendFindings, checkBackends, judge } from '../../src/doctor/backends.js';
import { computation, probeOf, replying, type Machine } from '../support/doctor.js';

describe('the verdict about a backend', () => {
  it('is good where product and gradient are right', () => {
    const result = judge('wasm', { reply: computation }, true);
    assert.deepEqual(result, {
      request: 'wasm',
      state: 'ok',
      reason: null,
      remedy: null,
      computation,
    });
    assert.deepEqual(backendFindings([result]), [
      {
        area: 'backends',
        what: 'wasm',
        state: 'ok',
        detail:
          'a device, float32; product and gradient off by 1.0e-7 and 2.0e-7; starts in 100 ms, ' +
          'computes in 20 ms at first, then 1.0 ms',
        remedy: null,
      },
    ]);
  });

  it('has a limit for each precision', () => {
    const stateWith = (precision: 'float32' | 'TF32', error: number | null) =>
      judge('cuda', { reply: { ...computation, precision, gradientError: error } }, false).state;
    assert.deepEqual([stateWith('float32', 9e-6), stateWith('float32', 1.1e-5)], ['ok', 'failed']);
    assert.deepEqual([stateWith('TF32', 1e-3), stateWith('TF32', 1e-2)], ['ok', 'failed']);
    assert.deepEqual([stateWith('float32', null), stateWith('TF32', null)], ['failed', 'failed']);
  });

  it('repeats why one is unavailable, and whether it must not be', () => {
    const reply = { reason: 'no adapter', remedy: 'install a driver' };
    for (const [expected, state] of [
      [true, 'failed'],
      [false, 'missing'],
    ] as const) {
      assert.deepEqual(judge('webgpu', { reply }, expected), {
        request: 'webgpu',
        state,
        ...reply,
        computation: null,
      });
    }
  });

  it('names a crash and a hang, and what to use instead', () => {
    for (const failure of ['ended by SIGSEGV', 'did not end within 60 s']) {
      const { state, reason, remedy } = judge('webgpu', { failure }, false);
      assert.deepEqual([state, reason], ['failed', failure]);
      assert.equal(remedy, 'do without it: MMP_BACKEND=wasm');
    }
    assert.equal(judge('wasm', { failure: 'x' }, true).remedy, 'do without it: MMP_BACKEND=cpu');
  });

  it('warns of a process that ends badly after it has computed right', () => {
    const failure = 'ended by SIGABRT';
    const { state, reason } = judge('tensorflow', { reply: computation, failure }, true);
    assert.deepEqual(
      [state, reason],
      ['warning', 'computes, but its process ended badly: ended by SIGABRT'],
    );
    const wrong = { ...computation, productError: 1 };
    assert.equal(judge('tensorflow', { reply: wrong, failure }, true).state, 'failed');
  });
});

describe('the backends of a machine', () => {
  const statesOf = async (machine: Machine) => {
    const results = await checkBackends(probeOf(machine), () => undefined);
    return Object.fromEntries(results.map(({ request, state }) => [request, state]));
  };

  it('are each asked about in a process of their own, and one that crashes is one finding', async () => {
    const said: string[] = [];
    const results = await checkBackends(
      probeOf({
        commands: {
          'backend cuda': { failure: 'ended by SIGSEGV' },
          'backend tensorflow': { failure: 'did not end within 60 s' },
          'backend webgpu': replying({ reason: 'no adapter', remedy: 'a driver' }),
          'backend wasm': replying(computation),
          'backend cpu': replying({ ...computation, productError: null }),
        },
      }),
      (line) => said.push(line),
    );
    assert.deepEqual(
      results.map(({ request, state }) => `${request} ${state}`),
      ['cuda failed', 'tensorflow failed', 'webgpu missing', 'wasm ok', 'cpu failed'],
    );
    assert.equal(said.length, 5);
  });

  it('have the CUDA libraries of the native build in their environment', async () => {
    const told: (string | undefined)[] = [];
    const probe = probeOf({
      environment: { LD_LIBRARY_PATH: '/other' },
      nativeBuild: () => ({ package: 'p', wheel: 'w', cudaFolders: ['/cuda/a', '/cuda/b'] }),
    });
    const run: typeof probe.run = (command, parameters, options) => {
      told.push(options?.environment?.LD_LIBRARY_PATH);
      return probe.run(command, parameters, options);
    };
    await checkBackends({ ...probe, run }, () => undefined);
    assert.deepEqual(told, new Array(5).fill('/cuda/a:/cuda/b:/other'));
  });

  it('must run where what they need is there', async () => {
    const unavailable = replying({ reason: 'r', remedy: 'do' });
    const commands = { 'main.js backend': unavailable };
    const missing = { cuda: 'missing', tensorflow: 'missing', webgpu: 'missing' };
    const always = { wasm: 'failed', cpu: 'failed' };
    const buildOf = (...cudaFolders: string[]) => ({
      nativeBuild: () => ({ package: 'p', wheel: 'w', cudaFolders }),
    });
    assert.deepEqual(await statesOf({ commands }), { ...missing, ...always });
    assert.deepEqual(await statesOf({ commands, ...buildOf() }), {
      ...missing,
      ...always,
      tensorflow: 'failed',
    });
    assert.deepEqual(await statesOf({ commands, ...buildOf('/cuda') }), {
      ...missing,
      ...always,
      tensorflow: 'failed',
      cuda: 'failed',
    });
  });

  it('warn of a software adapter where there is a GPU', async () => {
    const commands = { 'backend webgpu': replying(computation) };
    const files = { '/dev/dri/renderD128': '' };
    assert.equal((await statesOf({ commands })).webgpu, 'ok');
    assert.equal((await statesOf({ commands, files })).webgpu, 'warning');
    const onGpu = { 'backend webgpu': replying({ ...computation, gpu: true }) };
    assert.equal((await statesOf({ commands: onGpu, files })).webgpu, 'ok');
  });
});
