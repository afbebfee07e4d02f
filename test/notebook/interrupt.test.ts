/** The command line on endless notebooks, ended by signals: nothing is left running, and nothing is lost. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../../src/files/paths.js';
import { notebookText, writeNotebook } from '../../src/notebook/format.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { notebookOf } from '../support/notebooks.js';

const cli = path.join(projectRoot, 'dist', 'src', 'cli.js');

/** Says which processes it and its child are, and does not end. */
const endless = (name: string) =>
  notebookOf(
    '1',
    `import { spawn } from "child_process";
     import { renameSync, writeFileSync } from "fs";
     const child = spawn(process.execPath, ["-e", "setInterval(() => undefined, 1000)"]);
     writeFileSync("${name}.new", JSON.stringify([process.pid, child.pid]));
     renameSync("${name}.new", "${name}.pids");
     for (;;);`,
  );

/** Whether a process is there and not only waiting for its parent to take note of its end. */
function isRunning(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout !== '' && !stdout.startsWith('Z');
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(50);
}

describe('a workbook run that is ended', function () {
  this.timeout(60_000);

  let folder: string;
  let temporary: string;
  let output: string;
  beforeEach(() => {
    folder = makeFolder();
    temporary = path.join(folder, 'temporary');
    output = path.join(folder, 'site');
    mkdirSync(temporary);
    mkdirSync(output);
    writeFileSync(path.join(output, 'workbook.json'), 'earlier');
    for (const name of ['1', '2']) writeNotebook(path.join(folder, `${name}.ipynb`), endless(name));
  });
  afterEach(() => {
    removeFolder(folder);
  });

  const start = (...parameters: string[]) => {
    const child = spawn(
      process.execPath,
      [
        cli,
        'workbook',
        '--notebooks',
        folder,
        '--output',
        output,
        '--backend',
        'cpu',
        ...parameters,
      ],
      { env: { ...process.env, TMPDIR: temporary }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    return {
      child,
      ended: once(child, 'exit'),
      said: text(child.stderr),
      shown: text(child.stdout),
    };
  };
  const pidsOf = async (name: string) => {
    const file = path.join(folder, `${name}.pids`);
    await until(() => existsSync(file));
    return JSON.parse(readFileSync(file, 'utf8')) as [kernel: number, child: number];
  };
  const assertNothingLost = () => {
    assert.deepEqual(readdirSync(temporary), []);
    const left = readdirSync(folder).filter((name) => !name.endsWith('.pids'));
    assert.deepEqual(left, ['1.ipynb', '2.ipynb', 'site', 'temporary']);
    assert.deepEqual(readdirSync(output), ['workbook.json']);
    assert.equal(readFileSync(path.join(output, 'workbook.json'), 'utf8'), 'earlier');
    const original = readFileSync(path.join(folder, '1.ipynb'), 'utf8');
    assert.equal(original, notebookText(endless('1')));
  };

  it('by Ctrl-C stops its kernel and says where it was', async () => {
    const { child, ended, said } = start('--in-place', '--html');
    const pids = await pidsOf('1');
    assert.deepEqual(pids.map(isRunning), [true, true]);
    child.kill('SIGINT');
    // As npm does, which is told by the terminal as well.
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
    assert.equal(await said, 'mmp: interrupted by SIGINT in 1, cell 2/2\n');
    assert.deepEqual(pids.map(isRunning), [false, false]);
    assertNothingLost();
  });

  it('by SIGTERM stops all kernels', async () => {
    const { child, ended, said } = start('--jobs', '2');
    const pids = [...(await pidsOf('1')), ...(await pidsOf('2'))];
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [143, null]);
    assert.equal(await said, 'mmp: interrupted by SIGTERM in 1, cell 2/2 and 2, cell 2/2\n');
    assert.deepEqual(pids.map(isRunning), [false, false, false, false]);
    assertNothingLost();
  });

  it('while a kernel comes up stops that', async () => {
    const { child, ended, said } = start();
    await until(() => readdirSync(temporary).length > 0);
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
    assert.equal(await said, 'mmp: interrupted by SIGINT in 1\n');
    assertNothingLost();
  });

  it('by SIGKILL leaves no kernel for more than a few seconds', async () => {
    const { child, ended } = start();
    const [kernel, grandchild] = await pidsOf('1');
    child.kill('SIGKILL');
    await ended;
    const killed = Date.now();
    await until(() => !isRunning(kernel));
    if (isRunning(grandchild)) process.kill(grandchild);
    assert.ok(Date.now() - killed < 8000);
    assert.deepEqual(readdirSync(temporary), []);
  });
});
