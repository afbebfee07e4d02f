import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  backendRequests,
  BackendUnavailable,
  describeBackend,
  firstThatStarts,
  preference,
  useBackend,
  type BackendRequest,
} from '../../src/tensor/backend.js';
import { nativePackage, readNativeBuild } from '../../src/tensor/native.js';
import { tf } from '../../src/tensor/tf.js';
import { threadCount } from '../../src/tensor/wasm/team.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { inNewProcess } from '../support/process.js';
import { skip } from '../support/skip.js';

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

  it('leaves the current one in place where the one asked for breaks down', () => {
    const { status, stdout } = inNewProcess(`
      const { tf } = from('tf.js');
      const { useBackend } = from('backend.js');
      await useBackend('cpu');
      tf.removeBackend('wasm');
      tf.registerBackend('wasm', () => Promise.reject(new Error('on purpose')));
      await useBackend('wasm').catch(({ message }) => console.log(message));
      console.log(tf.getBackend(), ...(await tf.add(1, 2).data()));`);
    const refused = 'backend wasm cannot run here: TF.js could not start it; use MMP_BACKEND=cpu';
    assert.deepEqual({ status, stdout }, { status: 0, stdout: `${refused}\ncpu 3\n` });
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

  describe('without native TensorFlow', () => {
    before(function () {
      if (nativeIsThere()) skip(this, 'native TensorFlow is there');
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

  describe('with native TensorFlow', () => {
    before(function () {
      if (!nativeIsThere()) skip(this, 'native TensorFlow is not there');
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

    it('is refused as cuda where it has no GPU', async function () {
      if ((await useBackend('tensorflow')).gpu) skip(this, 'it has a GPU');
      await useBackend(current);
      const reason =
        readNativeBuild()?.cudaFolders.length === 0
          ? 'native TensorFlow was built for the CPU'
          : 'TensorFlow finds no GPU that it can use';
      await assert.rejects(useBackend('cuda'), (error) => {
        assert.ok(error instanceof BackendUnavailable);
        assert.deepEqual([error.request, error.reason], ['cuda', reason]);
        assert.match(error.remedy, /npm run setup:native -- --gpu/);
        return true;
      });
      assert.equal(tf.getBackend(), current);
    });

    it('writes nothing to the terminal when it starts', () => {
      const { status, stdout, stderr } = inNewProcess(
        `await from('backend.js').useBackend('tensorflow');`,
      );
      assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: '', stderr: '' });
    });
  });
});

describe('the choice of a backend', () => {
  /** The roads of `preference`, of which some fail. */
  const roads = (lacking: readonly BackendRequest[], tried: BackendRequest[] = []) =>
    preference.map(({ request }) => ({
      request,
      start: () => {
        tried.push(request);
        return lacking.includes(request)
          ? Promise.reject(new Error(`no ${request}\nand more of it`))
          : Promise.resolve();
      },
    }));

  it('falls on the first of the preferred that starts, and tries no further', async () => {
    const order = ['cuda', 'webgpu', 'wasm', 'tensorflow', 'cpu'] as const;
    for (const [count, first] of order.entries()) {
      const tried: BackendRequest[] = [];
      // What comes later in the order lacks nothing, or everything.
      for (const later of [[], order.slice(count + 1)]) {
        tried.length = 0;
        const lacking = [...order.slice(0, count), ...later];
        assert.equal(await firstThatStarts(roads(lacking, tried)), first);
        assert.deepEqual(tried, order.slice(0, count + 1));
      }
    }
  });

  it('says why the last could not start, where none can', async () => {
    await assert.rejects(firstThatStarts(roads(backendRequests)), (error) => {
      assert.ok(error instanceof BackendUnavailable);
      assert.deepEqual([error.request, error.reason], ['cpu', 'no cpu']);
      return true;
    });
    await assert.rejects(firstThatStarts([]), /no candidates/);
  });

  for (const request of backendRequests) {
    it(`says of ${request} reason and remedy, on one line`, async () => {
      const cause = new Error('it is not plugged in\nand more of it');
      const start = () => Promise.reject(cause);
      await assert.rejects(firstThatStarts([{ request, start }]), (error) => {
        assert.ok(error instanceof BackendUnavailable);
        assert.equal(error.cause, cause);
        assert.equal(error.reason, 'it is not plugged in');
        const { reason, remedy } = error;
        assert.equal(error.message, `backend ${request} cannot run here: ${reason}; ${remedy}`);
        // A command to run or another backend to take, which must be one that there is.
        assert.match(remedy, /npm (run|ci)|MMP_BACKEND=/);
        const other = /MMP_BACKEND=(\w+)/.exec(remedy)?.[1];
        assert.ok(other === undefined || (backendRequests as readonly string[]).includes(other));
        assert.notEqual(other, request);
        return true;
      });
    });
  }
});

describe('webgpu where something is lacking', function () {
  const reasonOf = (environment: Record<string, string | undefined>, before = '') => {
    const none = { MMP_BACKEND: undefined, VK_ADD_DRIVER_FILES: undefined };
    const drivers = { VK_ICD_FILENAMES: undefined, VK_DRIVER_FILES: undefined };
    const { status, stdout } = inNewProcess(
      `${before}
      const { useBackend, preference } = from('backend.js');
      const told = ({ constructor, reason, message }) => [constructor.name, reason ?? message];
      const forced = await useBackend('webgpu').then(({ device }) => ['started', device], told);
      const unasked = await preference.find(({ request }) => request === 'webgpu').start()
        .then(() => ['started'], told);
      const { name } = await useBackend('');
      console.log(JSON.stringify({ forced, unasked, name }));`,
      { ...none, ...drivers, ...environment },
    );
    assert.equal(status, 0);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as {
      forced: string[];
      unasked: string[];
      name: string;
    };
  };
  const expectNoAdapter = ([kind, reason]: string[]) => {
    assert.equal(kind, 'BackendUnavailable');
    assert.match(reason!, /^there is no adapter: no GPU whose driver Dawn can use/);
  };

  let folder: string;
  before(function () {
    if (process.platform !== 'linux') skip(this, 'it is about Vulkan as Linux has it');
    folder = makeFolder();
  });
  after(() => {
    if (folder) removeFolder(folder);
  });

  it('is refused when asked for, and passed over when not: the Vulkan loader', () => {
    // The dynamic linker finds this first, and it is no library.
    writeFileSync(path.join(folder, 'libvulkan.so.1'), '');
    const { forced, name } = reasonOf({ LD_LIBRARY_PATH: folder });
    expectNoAdapter(forced);
    assert.notEqual(name, 'webgpu');
  });

  for (const variable of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES']) {
    it(`is refused when asked for, and passed over when not: a driver, by ${variable}`, () => {
      const empty = path.join(folder, 'empty.json');
      writeFileSync(empty, '');
      for (const file of [empty, path.join(folder, 'absent.json')]) {
        const { forced, name } = reasonOf({ [variable]: file });
        expectNoAdapter(forced);
        assert.ok(forced[1]!.endsWith(`among those that ${variable} names (${file})`), forced[1]);
        assert.notEqual(name, 'webgpu');
      }
    });
  }

  it('is passed over where no GPU has a device file', () => {
    const { unasked, name } = reasonOf({}, pretend([]));
    assert.deepEqual(unasked, ['Error', 'this machine has no GPU']);
    assert.notEqual(name, 'webgpu');
  });

  it('is passed over where the only adapter is software, though it can be asked for', function () {
    const { forced, unasked, name } = reasonOf({}, pretend(['renderD128']));
    if (forced[0] !== 'started') skip(this, `webgpu does not start: ${forced[1]}`);
    if (forced[1]!.startsWith('GPU')) skip(this, `it has a GPU: ${forced[1]}`);
    assert.equal(unasked[0], 'Error');
    assert.match(unasked[1]!, /^the only adapter is software: ./);
    assert.notEqual(name, 'webgpu');
  });
});

/** Code that makes a machine look as if its GPUs had these device files. */
function pretend(devices: string[]): string {
  return `
    const fs = require('node:fs');
    const { existsSync, readdirSync } = fs;
    fs.readdirSync = (place, ...rest) =>
      place === '/dev/dri' ? ${JSON.stringify(devices)} : readdirSync(place, ...rest);
    fs.existsSync = (place) =>
      place === '/dev/dri' || (!/^\\/dev\\/(nvidia|dxg)/.test(place) && existsSync(place));`;
}
