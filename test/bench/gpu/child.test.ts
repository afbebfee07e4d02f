import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runChild } from '../../../src/bench/gpu/child.js';
import { makeFolder, removeFolder } from '../../support/folders.js';

describe('a step of the benchmark on a GPU, as a process', () => {
  let folder: string;
  let log: string;
  before(() => {
    folder = makeFolder();
    log = path.join(folder, 'log.txt');
  });
  after(() => {
    removeFolder(folder);
  });
  const run = (script: string, seconds = 20) =>
    runChild(process.execPath, ['-e', script], { seconds, log, environment: { MMP_X: '7' } });

  it('gives its output, with the environment wanted, and keeps all in the log', async () => {
    const { output, failure } = await run(`console.log(process.env.MMP_X); console.error('aside')`);
    assert.deepEqual([output, failure], ['7\n', null]);
    const kept = readFileSync(log, 'utf8').split('\n').sort();
    assert.deepEqual(kept, ['', '7', 'aside']);
  });

  it('says why it failed: exit code and last words, signal, or no such program', async () => {
    const failing = await run(`console.error('first'); console.error('no GPU'); process.exit(3)`);
    assert.equal(failing.failure, 'exit code 3: no GPU');
    const thrown = await run(`throw new TypeError('no adapter')`);
    assert.equal(thrown.failure, 'exit code 1: TypeError: no adapter');
    const killed = await run(`process.kill(process.pid, 'SIGSEGV')`);
    assert.equal(killed.failure, 'SIGSEGV');
    const missing = await runChild('/no/such/program', [], { seconds: 20, log });
    assert.match(missing.failure!, /ENOENT/);
  });

  it('is killed when its time is over, with the processes that it started', async () => {
    // The output ends when nobody holds it open: without the grandchild's end this would go on.
    const grandchild = `setInterval(() => console.log('alive'), 50)`;
    const { output, failure, seconds } = await run(
      `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}],
        { stdio: 'inherit' }); setInterval(() => {}, 1000)`,
      2,
    );
    assert.equal(failure, 'no end within 2 s');
    assert.ok(seconds < 10);
    assert.match(output, /alive/);
  });
});
