/** Looking on while somebody else trains a run. */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { LiveCurves } from '../../src/notebook/liveCurves.js';
import { watchRun } from '../../src/notebook/watchRun.js';
import { RunLock } from '../../src/training/lock.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { standInCell, standInKernel } from '../support/kernel.js';
import { drawnLines, recordsOf, writeRun } from '../support/runs.js';

describe('watchRun', () => {
  const kernel = standInKernel();
  const cell = standInCell();
  let runs: string;
  beforeEach(() => {
    runs = makeFolder();
  });
  afterEach(() => {
    removeFolder(runs);
  });

  const watch = () => watchRun(`${runs}/run`);
  const lastDrawn = () =>
    drawnLines(
      kernel.sent
        .map(({ data }) => data['image/svg+xml'])
        .filter((svg) => svg !== undefined)
        .at(-1),
    );
  /** Checks that what was drawn last is the whole curve of so many steps. */
  const expectDrawn = async (steps: number) => {
    const drawn = lastDrawn();
    assert.equal(drawn.length, 1);
    const curves = new LiveCurves('As it should be');
    curves.add('run', recordsOf(0, steps));
    await curves.finish();
    assert.deepEqual(drawn, lastDrawn());
  };

  it('draws a run until nobody trains it any more', async () => {
    const run = writeRun(runs, 'run', { records: recordsOf(0, 10) });
    const lock = await RunLock.acquire(`${runs}/run`);
    const watching = watch();
    await sleep(300);
    run.append(recordsOf(10, 20));
    await sleep(300);
    run.rewind(15);
    run.append(recordsOf(15, 30));
    lock.release();
    await watching;
    const texts = kernel.texts();
    assert.ok(
      texts.some((text) => text.includes('run 20/30 · loss 0.2000')),
      texts.join('\n'),
    );
    assert.ok(
      texts.some((text) => text.includes('run 30/30 · loss 0.1333 · took')),
      texts.join('\n'),
    );
    await expectDrawn(30);
  });

  it('draws a run that nobody trains as it is', async () => {
    writeRun(runs, 'run', { records: recordsOf(0, 10) });
    await watch();
    assert.deepEqual([...new Set(kernel.texts())], [`The loss of ${runs}/run in training`]);
    await expectDrawn(10);
  });

  it('stops when it is interrupted, with the curve as far as it is', async () => {
    writeRun(runs, 'run', { records: recordsOf(0, 10) });
    const lock = await RunLock.acquire(`${runs}/run`);
    const reason = new Error('interrupted by the reader');
    setTimeout(() => {
      cell.interrupt(reason);
    }, 100);
    await assert.rejects(watch(), (error) => error === reason);
    lock.release();
    assert.ok(kernel.texts().some((text) => text.includes('stopped after')));
    await expectDrawn(10);
  });

  it('says that there is no such run', async () => {
    await assert.rejects(watch(), /there (is no run|are no runs)/);
  });
});
