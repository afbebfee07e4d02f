import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describeBackend, useBackend } from '../../src/tensor/backend.js';
import { tf } from '../../src/tensor/tf.js';
import { threadCount } from '../../src/tensor/wasm/team.js';

function nativeIsInstalled(): boolean {
  try {
    createRequire(__filename).resolve('@tensorflow/tfjs-node-gpu');
    return true;
  } catch {
    return false;
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
    const message = 'unknown backend "webgl"; there are tensorflow, wasm, cpu';
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
    const common = { tfjs: '4.22.0', node: process.version };
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

  describe('without the native package (skipped where it is installed)', () => {
    before(function () {
      if (nativeIsInstalled()) this.skip();
    });

    it('says why tensorflow cannot run and what to do, and changes nothing', async () => {
      await assert.rejects(useBackend('tensorflow'), ({ message }: Error) => {
        assert.match(message, /tfjs-node-gpu did not load \(Cannot find module .*\)/);
        assert.match(message, /run "npm install @tensorflow\/tfjs-node-gpu@4\.22\.0 --no-save"/);
        assert.match(message, /or use MMP_BACKEND=wasm$/);
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
});
