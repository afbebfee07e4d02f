/** How far something is: redrawn in place in a notebook and on a terminal, a few lines elsewhere. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import type { WriteStream } from 'node:tty';
import { terminalBar } from '../../src/notebook/console.js';
import { Progress } from '../../src/notebook/progress.js';
import { track } from '../../src/notebook/track.js';
import { standInCell, standInKernel, standInTime, written } from '../support/kernel.js';

describe('Progress in a kernel', () => {
  const kernel = standInKernel();
  const time = standInTime();

  it('redraws in place, at most five times a second, and always shows the end', () => {
    const progress = new Progress('steps');
    for (let step = 1; step <= 10; step++) {
      time.now += 100;
      progress.update(step, 20, 'loss 0.5');
    }
    progress.finish();
    assert.deepEqual(kernel.texts(), [
      'steps 1/20 · loss 0.5 · 10.0 a second · 2 s left',
      'steps 3/20 · loss 0.5 · 10.0 a second · 2 s left',
      'steps 5/20 · loss 0.5 · 10.0 a second · 2 s left',
      'steps 7/20 · loss 0.5 · 10.0 a second · 1 s left',
      'steps 9/20 · loss 0.5 · 10.0 a second · 1 s left',
      'steps 10/20 · loss 0.5 · took 1 s',
    ]);
    assert.deepEqual(
      kernel.sent.map(({ update }) => update),
      [false, true, true, true, true, true],
    );
    assert.equal(new Set(kernel.sent.map(({ id }) => id)).size, 1);
  });

  it('has a place of its own', () => {
    new Progress('a').update(1, 2);
    new Progress('b').update(1, 2);
    assert.deepEqual(
      kernel.sent.map(({ update }) => update),
      [false, false],
    );
    assert.notEqual(kernel.sent[0]!.id, kernel.sent[1]!.id);
  });

  it('speaks of minutes, of slow work, of more than was expected, and of no total', () => {
    const lineAfter = (seconds: number, ...state: [done: number, total?: number]) => {
      const progress = new Progress('items');
      time.now += 1000 * seconds;
      progress.update(...state);
      return kernel.texts().at(-1);
    };
    assert.equal(lineAfter(40, 840, 4000), 'items 840/4000 · 21.0 a second · 2 min 30 s left');
    assert.equal(lineAfter(60, 2, 3), 'items 2/3 · 0.03 a second · 30 s left');
    assert.equal(lineAfter(1, 4, 3), 'items 4/3 · 4.0 a second · 0 s left');
    assert.equal(lineAfter(2, 5), 'items 5 · 2.5 a second');
    assert.equal(lineAfter(2, 0, 5), 'items 0/5');
  });
});

/** The same items as an array and as an asynchronous iterable, which tells whether it was left. */
const sources = {
  sync: (label: string) => track(['a', 'b', 'c'], { label }),
  async: (label: string) => track(slowly(['a', 'b', 'c']), { label, total: 3 }),
};
let left = false;
async function* slowly<T>(items: readonly T[]): AsyncGenerator<T> {
  left = true;
  for (const item of items) yield await Promise.resolve(item);
  left = false;
}

describe('track', () => {
  const kernel = standInKernel();
  const time = standInTime();
  const cell = standInCell();

  for (const [kind, items] of Object.entries(sources)) {
    describe(`of ${kind} items`, () => {
      it('gives every item, redraws one place, and ends at the last', async () => {
        const got: string[] = [];
        for await (const item of items('items')) {
          got.push(item);
          time.now += 500;
        }
        assert.deepEqual(got, ['a', 'b', 'c']);
        assert.deepEqual(kernel.texts(), [
          'items 0/3',
          'items 1/3 · 2.0 a second · 1 s left',
          'items 2/3 · 2.0 a second · 1 s left',
          'items 3/3 · took 2 s',
        ]);
        assert.deepEqual(
          kernel.sent.map(({ update }) => update),
          [false, true, true, true],
        );
        assert.equal(new Set(kernel.sent.map(({ id }) => id)).size, 1);
      });

      it('stops before the next item when it is interrupted, and says so', async () => {
        const reason = new Error('interrupted by the reader');
        const got: string[] = [];
        const run = async () => {
          for await (const item of items('items')) {
            got.push(item);
            time.now += 3000;
            if (item === 'b') cell.interrupt(reason);
          }
        };
        await assert.rejects(run(), (error) => error === reason);
        assert.deepEqual(got, ['a', 'b']);
        assert.equal(kernel.texts().at(-1), 'items 2/3 · stopped after 6 s');
      });

      it('says that it stopped when it is left', async () => {
        for await (const item of items('items')) if (item === 'b') break;
        assert.equal(kernel.texts().at(-1), 'items 1/3 · stopped after 0 s');
        const thrown = async () => {
          for await (const item of items('items')) throw new Error(`cannot do ${item}`);
        };
        await assert.rejects(thrown(), /cannot do a/);
        assert.equal(kernel.texts().at(-1), 'items 0/3 · stopped after 0 s');
      });
    });
  }

  it('closes what it runs through when it is left or interrupted', async () => {
    for await (const item of track(slowly([1, 2]), { label: 'items' })) if (item === 1) break;
    assert.ok(left);
    let closed = 0;
    const items = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: 1 }),
        return: () => ({ done: true, value: closed++ }),
      }),
    };
    for (const item of track(items, { label: 'items' })) if (item === 1) break;
    assert.equal(closed, 1);
    cell.interrupt(new Error('enough'));
    assert.throws(() => [...track(items, { label: 'items' })], /enough/);
    assert.equal(closed, 2);
  });

  it('lets an interruption through between items that wait for nothing', async () => {
    setTimeout(() => {
      cell.interrupt(new Error('enough'));
    });
    const endless = async () => {
      for await (const item of track(slowly(Array(1e6).fill(0)), { label: 'items' })) {
        assert.equal(item, 0);
      }
    };
    await assert.rejects(endless(), /enough/);
  });

  it('of nothing ends at once', () => {
    assert.deepEqual([...track([], { label: 'items' })], []);
    assert.deepEqual(kernel.texts(), ['items 0/0 · took 0 s']);
  });

  it('knows the size of sets and maps, and without one counts', () => {
    const lastOf = (items: Iterable<unknown>, total?: number) => {
      Array.from(track(items, { label: 'items', ...(total ? { total } : {}) }));
      return kernel.texts().at(-1);
    };
    assert.equal(lastOf(new Set([1, 2])), 'items 2/2 · took 0 s');
    assert.equal(lastOf(new Map([[1, 2]])), 'items 1/1 · took 0 s');
    assert.equal(lastOf(Float32Array.of(1, 2)), 'items 2/2 · took 0 s');
    assert.equal(lastOf([1, 2].values()), 'items 2 · took 0 s');
    assert.equal(lastOf([1, 2].values(), 5), 'items 2/5 · took 0 s');
  });

  it('refuses a total that is no count', () => {
    for (const total of [-1, 1.5, NaN]) {
      const message = `track "items": the total must be a whole number from 0, got ${total}`;
      assert.throws(() => track([1], { label: 'items', total }), { message });
    }
  });
});

describe('progress outside of a kernel', () => {
  const time = standInTime();
  /** Twenty items of so many seconds. */
  const twenty = (seconds: number) =>
    written(() => {
      Array.from(track(Array(20).keys(), { label: 'items', total: 20 }), () => {
        time.now += 1000 * seconds;
      });
    });

  it('writes a line per tenth of the work, and the last', async () => {
    const lines = await twenty(0.5);
    assert.equal(lines.length, 10);
    assert.equal(lines[0], 'items 2/20 · 2.0 a second · 9 s left');
    assert.equal(lines[8], 'items 18/20 · 2.0 a second · 1 s left');
    assert.equal(lines[9], 'items 20/20 · took 10 s');
  });

  it('writes at most a line a second', async () => {
    assert.deepEqual(await twenty(0.01), ['items 20/20 · took 0 s']);
    // A second has passed after 4, 8, 12 and 16 items.
    assert.equal((await twenty(0.26)).length, 5);
  });

  it('writes a line every ten seconds where the total is not known', async () => {
    const lines = await written(() => {
      Array.from(track(Array(20).keys(), { label: 'items' }), () => (time.now += 2000));
    });
    assert.deepEqual(lines, [
      'items 5 · 0.5 a second',
      'items 10 · 0.5 a second',
      'items 15 · 0.5 a second',
      'items 20 · took 40 s',
    ]);
  });

  it('draws over one line on a terminal, and leaves the last', () => {
    const terminal = Object.assign(new PassThrough(), { isTTY: true, columns: 40 });
    const place = terminalBar(terminal as unknown as WriteStream);
    place.draw('items 1/20', 0.05);
    place.draw('items 10/20 · 2.0 a second · 5 s left', 0.5);
    place.draw('items 21/20', 1.05);
    terminal.columns = 0;
    place.draw('items 22');
    place.end('items 22 · took 11 s');
    // Before each: to the start of the line, and clear it.
    assert.deepEqual(String(terminal.read()).split('\u001b[1G\u001b[2K').slice(1), [
      '█░░░░░░░░░░░░░░░░░░░ items 1/20',
      // Cut before the line would be broken in two.
      '██████████░░░░░░░░░░ items 10/20 · 2.0 ',
      '████████████████████ items 21/20',
      'items 22',
      'items 22 · took 11 s\n',
    ]);
  });
});
