import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { backendTests, mochaParameters, readTap } from '../../../src/bench/gpu/tests.js';
import { projectRoot } from '../../../src/files/paths.js';
import { makeFolder, removeFolder } from '../../support/folders.js';

describe('the tests of the benchmark on a GPU', () => {
  it('are those of tensors and of the method, but for the ones about other backends', () => {
    const compiled = path.join(projectRoot, 'dist', 'test');
    const names = backendTests().map((file) => path.relative(compiled, file));
    for (const name of ['tensor/operations', 'tensor/layers', 'mmp/golden', 'mmp/mmp']) {
      assert.ok(names.includes(`${name}.test.js`), name);
    }
    assert.ok(!names.some((name) => /wasm|backend|native/.test(name)), names.join(', '));
    assert.ok(backendTests().every((file) => existsSync(file)));
  });

  it('what mocha says of passed, failed and skipped ones is read, noise between them not', () => {
    const folder = makeFolder();
    const file = path.join(folder, 'made-up.test.js');
    writeFileSync(
      file,
      `describe('made up', () => {
        it('passes', () => console.log('  not a result'));
        it('ok 9 is a name, too', () => undefined);
        it('fails', () => { throw new Error('on purpose'); });
        it('is skipped', function () { this.skip(); });
      });`,
    );
    const { stdout, status } = spawnSync(process.execPath, mochaParameters([file], 20), {
      encoding: 'utf8',
      env: { ...process.env, MMP_BACKEND: 'cpu' },
    });
    removeFolder(folder);
    assert.equal(status, 1);
    assert.deepEqual(readTap(stdout), {
      passed: 2,
      failed: ['made up fails'],
      skipped: ['made up is skipped'],
    });
  });

  it('of a run that was killed, what came before counts', () => {
    assert.deepEqual(readTap('ok 1 a\nnot ok 2 b\nok 3 c # SK'), {
      passed: 2,
      failed: ['b'],
      skipped: [],
    });
  });
});
