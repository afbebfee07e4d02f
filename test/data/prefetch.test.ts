import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { ShuffledBatches } from '../../src/data/dataset.js';
import { Prefetch } from '../../src/data/prefetch.js';
import { stream } from '../../src/tensor/random.js';

/** A data set of which the test says when a batch is there. */
class SlowDataset {
  readonly begun: string[] = [];
  readonly forgotten: string[] = [];
  private readonly settle = new Map<string, (error?: Error) => void>();

  fetch(samples: readonly number[]): Promise<void> {
    const batch = samples.join();
    this.begun.push(batch);
    return new Promise((resolve, reject) => {
      this.settle.set(batch, (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  forget(samples: readonly number[]): void {
    this.forgotten.push(samples.join());
  }

  finish(batch: string, error?: Error): void {
    this.settle.get(batch)!(error);
  }
}

const upcoming = (...batches: number[][]) => batches[Symbol.iterator]();

/** Whether a promise is settled once everything that can happen now has happened. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.finally(() => (done = true));
  await turn();
  return done;
}

describe('prefetching', () => {
  it('is as many batches ahead as it is told, and no more', async () => {
    const dataset = new SlowDataset();
    const prefetch = new Prefetch(dataset, upcoming([1, 2], [3, 4], [5, 6], [7, 8]), 2);
    assert.deepEqual(dataset.begun, ['1,2', '3,4']);
    const first = prefetch.ready();
    dataset.finish('3,4');
    assert.equal(await settled(first), false);
    assert.deepEqual(dataset.begun, ['1,2', '3,4']);
    dataset.finish('1,2');
    assert.deepEqual(await first, [1, 2]);
    // While the first is in use, the third is begun; the second has long been there.
    assert.deepEqual(dataset.begun, ['1,2', '3,4', '5,6']);
    assert.deepEqual(await prefetch.ready(), [3, 4]);
    assert.deepEqual(dataset.begun, ['1,2', '3,4', '5,6', '7,8']);
  });

  it('lets nobody wait when fetching is faster than training', async () => {
    const dataset = new SlowDataset();
    const batches = Array.from({ length: 20 }, (_, index) => [index]);
    const prefetch = new Prefetch(dataset, upcoming(...batches), 3);
    for (const [step, batch] of batches.entries()) {
      // As long as a step takes, everything that was begun comes to its end.
      dataset.begun.forEach((begun) => {
        dataset.finish(begun);
      });
      await turn();
      const ready = prefetch.ready();
      assert.equal(await settled(ready), true, `step ${step}`);
      assert.deepEqual(await ready, batch);
    }
    assert.equal(dataset.begun.length, 20);
    await assert.rejects(prefetch.ready(), /there is no further batch/);
  });

  it('draws the batches of training, across the ends of epochs', async () => {
    const samples = Array.from({ length: 11 }, (_, index) => index);
    const batches = new ShuffledBatches(samples, 4, stream(1, 'batches'));
    batches.next();
    const ahead = new ShuffledBatches(samples, 4, stream(1, 'upcoming'));
    ahead.restore(batches.state());
    const prefetch = new Prefetch({ fetch: () => Promise.resolve() }, ahead, 3);
    for (let step = 0; step < 9; step++) {
      assert.deepEqual(await prefetch.ready(), batches.next().value);
    }
    await prefetch.dispose();
  });

  it('tells of a failure when its batch is waited for, and not before', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      const dataset = new SlowDataset();
      const prefetch = new Prefetch(dataset, upcoming([1], [2], [3]), 2);
      dataset.finish('2', new Error('tacos_2.jpg is damaged'));
      await turn();
      dataset.finish('1');
      assert.deepEqual(await prefetch.ready(), [1]);
      await assert.rejects(prefetch.ready(), /tacos_2.jpg is damaged/);
      await assert.rejects(prefetch.ready(), /tacos_2.jpg is damaged/);
      dataset.finish('3');
      await prefetch.dispose();
      assert.deepEqual(dataset.forgotten, ['3']);
      await turn();
      assert.deepEqual(unhandled, []);
    } finally {
      process.off('unhandledRejection', note);
    }
  });

  it('drops what was not used, also what is still being fetched', async () => {
    const dataset = new SlowDataset();
    const prefetch = new Prefetch(dataset, upcoming([1], [2], [3], [4]), 2);
    dataset.finish('1');
    assert.deepEqual(await prefetch.ready(), [1]);
    dataset.finish('2');
    const disposed = prefetch.dispose();
    assert.equal(await settled(disposed), false);
    dataset.finish('3');
    await disposed;
    assert.deepEqual(dataset.forgotten, ['2', '3']);
    assert.deepEqual(dataset.begun, ['1', '2', '3']);
    assert.throws(() => new Prefetch(dataset, upcoming(), 0), /ahead must be .* at least 1, got 0/);
  });

  it('needs nothing of data that are in memory', async () => {
    const prefetch = new Prefetch({}, upcoming([1], [2]), 2);
    assert.deepEqual([await prefetch.ready(), await prefetch.ready()], [[1], [2]]);
    await prefetch.dispose();
  });
});
