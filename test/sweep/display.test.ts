/** How a sweep looks, in a log and on a terminal that keeps what it is told. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { lineReport, sweepReport } from '../../src/sweep/display.js';
import { expandSweep } from '../../src/sweep/sweepFile.js';

const sweep = expandSweep(
  { name: 's', seeds: [1, 2, 3], runs: [{ name: 'a', method: 'dropout' }] },
  'test',
);
const [first, second, third] = sweep.jobs as [
  (typeof sweep.jobs)[0],
  (typeof sweep.jobs)[0],
  (typeof sweep.jobs)[0],
];

describe('the report of a sweep', () => {
  const { now } = Date;
  let time: number;
  const pass = (seconds: number) => (time += 1000 * seconds);
  beforeEach(() => {
    time = 1_000_000;
    Date.now = () => time;
  });
  afterEach(() => {
    Date.now = now;
  });

  it('in a log tells of steps every few seconds, and of every end', () => {
    const lines: string[] = [];
    const report = lineReport(sweep, (line) => lines.push(line));
    report.began(first);
    report.began(second);
    pass(4);
    report.progress(first, { done: 100, total: 500, loss: 1 });
    pass(4);
    report.progress(first, { done: 300, total: 500, loss: 1 });
    report.progress(second, { done: 20, total: 500, loss: 1 });
    report.ended(first, 'whole');
    report.wentBack(second);
    report.ended(third, 'failed', 'a number is not finite');
    assert.deepEqual(lines, [
      'a-1 …',
      'a-2 …',
      '0/3 runs | a-1 300/500 · 50.0 a second · 4 s left | a-2',
      'a-1  whole (1/3)',
      'a-2  waits again',
      'a-3  failed: a number is not finite (2/3)',
    ]);
  });

  it('on a terminal has a bar for the sweep and one for each run, as many as there is room for', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 5 });
    // What moves the cursor is not looked at.
    for (const move of ['cursorTo', 'moveCursor', 'clearLine', 'clearScreenDown']) {
      Object.assign(stream, { [move]: () => true });
    }
    const report = sweepReport(sweep, stream as unknown as NodeJS.WriteStream);
    for (const job of sweep.jobs) {
      report.began(job);
      report.progress(job, { done: 100, total: 500, loss: 1.5 });
    }
    pass(10);
    report.progress(first, { done: 300, total: 500, loss: 1.25 });
    report.ended(third, 'failed', 'too bad');
    report.ended(second, 'whole');
    report.note('the last words');
    report.close();
    const drawn = String(stream.read() ?? '');
    assert.match(drawn, /a-3 {2}failed: too bad\n[^]*the last words\n/);
    assert.match(drawn, /s .* 2\/3 runs/);
    assert.match(drawn, /a-1 .* 300\/500 · loss 1\.2500 · 20\.0 a second · 10 s left/);
    assert.doesNotMatch(drawn, /a-3 .*100\/500/);
  });
});
