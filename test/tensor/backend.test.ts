import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describeBackend, useBackend } from '../../src/tensor/backend.js';
import { nativePackage, readNativeBuild } from '../../src/tensor/native.js';
import { tf } from '../../src/tensor/tf.js';
import { threadCount } from '../../src/tensor/wasm/team.js';

/** Whether native TensorFlow is there, built or downloaded. */
function nativeIsThere(): boolean {
  try {
    createRequire(__filename).resolve(nativePackage);
    return true;
  } catch {
    return readNativeBuild() !== undefined;
  }
}

describe('useBackend', () => {
  const asked = process.env.MMP_BACKEND;
  let current: string;
  before(() => {
    current = tf.getBackend();
  });
  // The other tests run on what test/setup.ts chose.
  afterEach(async () => {
    if (asked === undefined) delete process.env.MMP_BACKEND;
    else process.env.MMP_BACKEND = asked;
    await useBackend(current);
  });

  it('lists the names when given another', async () => {
    const message = 'unknown backend "webgl"; there are cuda, tensorflow, webgpu, wasm, cpu';
    await assert.rejects(useBackend('webgl'), { message });
    process.env.MMP_BACKEND = 'webgl';
    await assert.rejects(useBackend(), { message });
    assert.equal(tf.getBackend(), current);
  });

  it('takes MMP_BACKEND where no name is given', async () => {
    for (const name of ['cpu', 'wasm']) {
      process.env.MMP_BACKEND = name;
      assert.equal((await useBackend()).name, name);
      assert.equal(tf.getBackend(), name);
    }
    assert.equal((await useBackend('cpu')).name, 'cpu');
  });

  it('describes what runs', async () => {
    const common = {
      gpu: false,
      precision: 'float32',
      tfjs: '4.22.0',
      node: process.version,
    } as const;
    const cpu = await useBackend('cpu');
    assert.deepEqual(cpu, { name: 'cpu', device: 'one core, plain JavaScript', ...common });
    assert.deepEqual(describeBackend(), cpu);
    const threads = threadCount();
    const wasmDevice = `WebAssembly SIMD, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
    const wasm = await useBackend('wasm');
    assert.deepEqual(wasm, { name: 'wasm', device: wasmDevice, ...common });
    assert.deepEqual(describeBackend(), wasm);
  });

  it('computes the same on cpu and wasm', async () => {
    const product = async (name: string) => {
      await useBackend(name);
      const result = tf.tidy(() => tf.matMul([[1, 2]], [[3], [4]]));
      const values = [...(await result.data())];
      result.dispose();
      return values;
    };
    assert.deepEqual([await product('cpu'), await product('wasm')], [[11], [11]]);
  });

  it('refuses tensorflow in a worker thread, and falls back there', async () => {
    const backend = path.join(__dirname, '..', '..', 'src', 'tensor', 'backend.js');
    const code = `
      const { parentPort } = require('node:worker_threads');
      const { useBackend } = require(${JSON.stringify(backend)});
      const tell = (name) =>
        useBackend(name).then((done) => done.name, ({ message }) => message);
      (async () => parentPort.postMessage([await tell('tensorflow'), await tell('')]))();`;
    const worker = new Worker(code, { eval: true });
    const [told] = (await once(worker, 'message')) as [string[]];
    assert.deepEqual(told, [
      'backend tensorflow cannot run here: it runs in the main thread only, not in a worker; ' +
        'build it by "npm run setup:native", or use MMP_BACKEND=wasm',
      'wasm',
    ]);
  });

  describe('without native TensorFlow (skipped where it is)', () => {
    before(function () {
      if (nativeIsThere()) this.skip();
    });

    it('says why tensorflow cannot run and what to do, and changes nothing', async () => {
      await assert.rejects(useBackend('tensorflow'), ({ message }: Error) => {
        assert.match(message, /native TensorFlow did not load \(Cannot find module .*\)/);
        assert.match(message, /build it by "npm run setup:native", or use MMP_BACKEND=wasm$/);
        return true;
      });
      assert.equal(tf.getBackend(), current);
    });

    it('falls back to wasm where nothing is asked for', async () => {
      for (const unset of [undefined, '']) {
        await useBackend('cpu');
        if (unset === undefined) delete process.env.MMP_BACKEND;
        else process.env.MMP_BACKEND = unset;
        assert.equal((await useBackend()).name, 'wasm');
      }
    });
  });

  describe('with native TensorFlow (skipped where it is not)', () => {
    before(function () {
      if (!nativeIsThere()) this.skip();
    });

    it('says what it runs on, and is taken unasked only on a GPU', async () => {
      const { device } = await useBackend('tensorflow');
      assert.match(device, /^(GPU|CPU \(no usable GPU\)), TensorFlow \d+\.\d+\.\d+$/);
      delete process.env.MMP_BACKEND;
      const { name } = await useBackend();
      assert.equal(name, device.startsWith('GPU') ? 'tensorflow' : 'wasm');
    });

    it('computes on tensors of the same engine as the other backends', async () => {
      await useBackend('cpu');
      const left = tf.tensor2d([[1, 2]]);
      await useBackend('tensorflow');
      const product = tf.tidy(() => tf.matMul(left, [[3], [4]]));
      assert.deepEqual([...(await product.data())], [11]);
      tf.dispose([left, product]);
    });

    it('writes nothing to the terminal when it starts', () => {
      const backend = path.join(__dirname, '..', '..', 'src', 'tensor', 'backend.js');
      const code = `require(${JSON.stringify(backend)}).useBackend('tensorflow')`;
      const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', code], {
        encoding: 'utf8',
      });
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
    });
  });
});
