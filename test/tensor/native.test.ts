import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeJson } from '../../src/files/write.js';
import {
  addonFile,
  buildFile,
  nativeEnvironment,
  readNativeBuild,
} from '../../src/tensor/native.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { inNewProcess } from '../support/process.js';

const build = { package: 'p 1', wheel: 'w 2', cudaFolders: ['/cuda/a/lib', '/cuda/b/lib'] };

describe('readNativeBuild', () => {
  let folder: string;
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => {
    removeFolder(folder);
  });

  it('reads what a finished build was made of', () => {
    writeJson(path.join(folder, buildFile), build);
    assert.deepEqual(readNativeBuild(folder), build);
  });

  it('takes a folder without that file for no build', () => {
    assert.equal(readNativeBuild(folder), undefined);
  });
});

describe('nativeEnvironment', () => {
  it('is empty without CUDA libraries', () => {
    assert.deepEqual(
      nativeEnvironment({ ...build, cudaFolders: [] }, { LD_LIBRARY_PATH: '/before' }),
      {},
    );
  });

  it('puts the CUDA libraries first, once, and keeps what was there', () => {
    const alone = { LD_LIBRARY_PATH: '/cuda/a/lib:/cuda/b/lib' };
    assert.deepEqual(nativeEnvironment(build, {}), alone);
    assert.deepEqual(nativeEnvironment(build, { LD_LIBRARY_PATH: '' }), alone);
    const both = { LD_LIBRARY_PATH: '/cuda/a/lib:/cuda/b/lib:/before' };
    assert.deepEqual(nativeEnvironment(build, { LD_LIBRARY_PATH: '/before' }), both);
    assert.deepEqual(nativeEnvironment(build, both), both);
  });
});

describe('the precision of matrix products on a GPU', () => {
  let folder: string;
  before(() => {
    folder = makeFolder();
    // A package whose addon only notes the environment in which it was loaded, and whose backend says that
    // it has a GPU.
    const write = (name: string, content: string) => {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), content);
    };
    write('package.json', '{}');
    write(addonFile, 'exports.atLoading = process.env.NVIDIA_TF32_OVERRIDE ?? "unset";');
    write('dist/register_all_kernels.js', '');
    write(
      'dist/nodejs_kernel_backend.js',
      `exports.NodeJSKernelBackend = class {
        isUsingGpuDevice = true;
        constructor({ atLoading }) {
          this.binding = { TF_Version: '9.9.9', atLoading };
        }
      };`,
    );
  });
  after(() => {
    removeFolder(folder);
  });

  /** What the addon found when it was loaded, and what is said of the backend then. */
  const loadedWith = (environment: Record<string, string | undefined>) => {
    const { stdout, stderr } = inNewProcess(
      `require.extensions['.node'] = require.extensions['.js'];
      from('native.js').loadNative(${JSON.stringify(folder)});
      const { tf } = from('tf.js');
      const { device, gpu, precision } = await from('backend.js').useBackend('tensorflow');
      const { atLoading } = tf.backend().binding;
      console.log(JSON.stringify({ atLoading, device, gpu, precision }));`,
      { MMP_TF32: undefined, NVIDIA_TF32_OVERRIDE: undefined, ...environment },
    );
    assert.equal(stderr, '');
    return JSON.parse(stdout) as unknown;
  };
  const gpu = { device: 'GPU, TensorFlow 9.9.9', gpu: true };

  it('is float32, set before CUDA is loaded', () => {
    const float32 = { ...gpu, atLoading: '0', precision: 'float32' };
    assert.deepEqual(loadedWith({}), float32);
    assert.deepEqual(loadedWith({ MMP_TF32: '0' }), float32);
    assert.deepEqual(loadedWith({ MMP_TF32: '' }), float32);
  });

  it('is left to CUDA by MMP_TF32=1', () => {
    const left = { ...gpu, atLoading: 'unset', precision: 'TF32' };
    assert.deepEqual(loadedWith({ MMP_TF32: '1' }), left);
  });

  it('is what the environment says already', () => {
    for (const [NVIDIA_TF32_OVERRIDE, precision] of [
      ['0', 'float32'],
      ['1', 'TF32'],
    ] as const) {
      for (const MMP_TF32 of [undefined, '1']) {
        assert.deepEqual(loadedWith({ NVIDIA_TF32_OVERRIDE, MMP_TF32 }), {
          ...gpu,
          atLoading: NVIDIA_TF32_OVERRIDE,
          precision,
        });
      }
    }
  });
});
