import assert from 'node:assert/strict';
import path from 'node:path';
import { writeJson } from '../../src/files/write.js';
import { buildFile, nativeEnvironment, readNativeBuild } from '../../src/tensor/native.js';
import { makeFolder, removeFolder } from '../support/folders.js';

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
