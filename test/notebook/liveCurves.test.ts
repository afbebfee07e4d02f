import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { LiveCurves } from '../../src/notebook/liveCurves.js';
import { standInKernel, standInTime, written } from '../support/kernel.js';
import { drawnLines, recordsOf } from '../support/runs.js';

const svg = 'image/svg+xml';

describe('LiveCurves in a kernel', () => {
  const kernel = standInKernel();
  const time = standInTime();

  it('draw in place, not at every step, and at the end everything', async () => {
    const curves = new LiveCurves('Curves', { window: 1 });
    for (let step = 0; step < 8; step++) {
      curves.add('a', recordsOf(10 * step, 10 * step + 10));
      time.now += 100;
    }
    curves.add('b', recordsOf(0, 5));
    await curves.finish();
    assert.deepEqual(kernel.texts(), ['Curves', 'Curves']);
    assert.deepEqual(
      kernel.sent.map(({ update }) => update),
      [false, true],
    );
    assert.match(String(kernel.sent[1]!.data[svg]), />a<.*>b</s);
    assert.match(String(kernel.sent[1]!.data[svg]), /task loss/);
  });

  it('draw steps that are made again in the place of the earlier', async () => {
    const [again, once] = [new LiveCurves('C', { window: 1 }), new LiveCurves('C', { window: 1 })];
    const other = recordsOf(0, 8).map((record) => ({ ...record, losses: { total: 2 } }));
    again.add('a', other);
    again.add('a', []);
    again.add('a', recordsOf(3, 12));
    once.add('a', [...other.slice(0, 3), ...recordsOf(3, 12)]);
    await again.finish();
    await once.finish();
    const [first, second] = kernel.sent.slice(-2).map(({ data }) => drawnLines(data[svg]));
    assert.equal(first!.length, 1);
    assert.deepEqual(first, second);
  });
});

describe('LiveCurves outside of a kernel', () => {
  it('write the end', async () => {
    const curves = new LiveCurves('The curve of a test', {});
    const lines = await written(async () => {
      curves.add('a', recordsOf(0, 10));
      await curves.finish();
    });
    assert.equal(lines.length, 1);
    const [, file] = /^\[figure\] The curve of a test: (.*)$/.exec(String(lines[0])) ?? [];
    rmSync(file!);
  });
});
