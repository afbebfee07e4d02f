import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { isLocked, RunIsLocked, RunLock } from '../../src/training/lock.js';
import { makeFolder, removeFolder } from '../support/folders.js';

describe('the lock of a run', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = makeFolder();
    file = path.join(folder, 'lock.json');
  });
  afterEach(() => {
    removeFolder(folder);
  });

  const leaveLock = (owner: { host: string; process: number }, secondsAgo = 0) => {
    writeFileSync(file, JSON.stringify({ id: 'theirs', ...owner }));
    const then = new Date(Date.now() - 1000 * secondsAgo);
    utimesSync(file, then, then);
  };
  const endedProcess = () => spawnSync(process.execPath, ['-e', '']).pid;

  it('is held by one at a time, and free when released', async () => {
    const lock = await RunLock.acquire(folder);
    assert.ok(isLocked(folder));
    await assert.rejects(RunLock.acquire(folder), RunIsLocked);
    lock.expectHeld();
    lock.release();
    assert.ok(!isLocked(folder));
    assert.deepEqual(readdirSync(folder), []);
    (await RunLock.acquire(folder)).release();
  });

  it('says who holds it', async () => {
    const lock = await RunLock.acquire(folder);
    await assert.rejects(RunLock.acquire(folder), {
      message: `${folder} is being trained by process ${process.pid} on ${hostname()}`,
    });
    lock.release();
  });

  it('of a process that has died is taken over at once', async () => {
    leaveLock({ host: hostname(), process: endedProcess() });
    assert.ok(!isLocked(folder));
    (await RunLock.acquire(folder)).release();
  });

  it('of another machine is respected while it is touched', async () => {
    leaveLock({ host: 'elsewhere', process: 1 }, 60);
    await assert.rejects(RunLock.acquire(folder), /process 1 on elsewhere/);
    leaveLock({ host: 'elsewhere', process: 1 }, 180);
    (await RunLock.acquire(folder)).release();
  });

  it('goes to one of many who find a dead one', async () => {
    leaveLock({ host: hostname(), process: endedProcess() });
    const tries = await Promise.allSettled(
      Array.from({ length: 8 }, () => RunLock.acquire(folder)),
    );
    const held = tries.filter((one) => one.status === 'fulfilled');
    assert.equal(held.length, 1);
    held[0]!.value.expectHeld();
    held[0]!.value.release();
  });

  it('that another has taken over is noticed, and left to that one', async () => {
    const lock = await RunLock.acquire(folder);
    leaveLock({ host: 'elsewhere', process: 1 });
    assert.throws(() => {
      lock.expectHeld();
    }, RunIsLocked);
    lock.release();
    assert.ok(existsSync(file));
  });

  it('of which a part is missing is nobody’s', async () => {
    writeFileSync(file, '{"id": "th');
    assert.ok(!isLocked(folder));
    (await RunLock.acquire(folder)).release();
  });
});
