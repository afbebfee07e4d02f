/** How a run of the workbook looks, on a terminal that keeps what it is told and in a log. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { lineReport, terminalReport } from '../../src/notebook/terminal.js';

describe('the report of a workbook run', () => {
  describe('in lines', () => {
    const { now, ...timers } = { now: Date.now, set: globalThis.setInterval };
    let time: number;
    let ticks: (() => void)[];
    let lines: string[];
    const pass = (seconds: number) => (time += 1000 * seconds);
    beforeEach(() => {
      [time, ticks, lines] = [1_000_000, [], []];
      Date.now = () => time;
      globalThis.setInterval = ((tick: () => void) => {
        ticks.push(tick);
        return undefined;
      }) as unknown as typeof setInterval;
    });
    afterEach(() => {
      Date.now = now;
      globalThis.setInterval = timers.set;
    });

    it('tells of cells every few seconds, and of one that still runs', () => {
      const report = lineReport((line) => lines.push(line));
      report.notebook('01-a');
      for (let cell = 1; cell <= 4; cell++) {
        pass(3);
        report.cell('01-a', cell, 14);
      }
      pass(130);
      ticks.at(-1)!();
      report.finished('01-a', '2 min 22 s  ok');
      assert.deepEqual(lines, [
        '01-a …',
        '01-a  cell 2/14',
        '01-a  cell 4/14',
        '01-a  cell 4/14 · 2 min 10 s',
        '01-a  2 min 22 s  ok',
      ]);
    });

    it('says nothing of a notebook that was not finished', () => {
      const report = lineReport((line) => lines.push(line));
      report.notebook('01-a');
      report.finished('01-a');
      assert.deepEqual(lines, ['01-a …']);
    });
  });

  it('on a terminal has a bar for each running notebook, and a line for each finished one', () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 100, rows: 30 });
    // What moves the cursor is not looked at.
    for (const move of ['cursorTo', 'moveCursor', 'clearLine', 'clearScreenDown']) {
      Object.assign(stream, { [move]: () => true });
    }
    const report = terminalReport(stream as unknown as NodeJS.WriteStream);
    const written = () => String(stream.read() ?? '');
    report.notebook('01-a');
    report.notebook('02-b');
    report.cell('02-b', 2, 3);
    report.finished('01-a', '1 s  ok');
    const during = written();
    assert.match(during, /02-b .* cell 2\/3/);
    report.finished('02-b', '2 s  ok');
    assert.match(during + written(), /01-a {2}1 s {2}ok\n[^]*02-b {2}2 s {2}ok\n$/);
  });
});
