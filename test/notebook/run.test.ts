/** The headless runner on the real kernel: what must pass passes, and what must fail fails. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import type { CodeCell } from '../../src/notebook/format.js';
import { runNotebook, type NotebookResult } from '../../src/notebook/run.js';
import { notebookOf } from '../support/notebooks.js';

const folder = path.join(projectRoot, 'notebooks');
const run = (...cells: string[]) => runNotebook(notebookOf(...cells), { folder, cellSeconds: 20 });
const cellsOf = ({ notebook }: NotebookResult) => notebook.cells as CodeCell[];
const outputsOf = (result: NotebookResult) =>
  cellsOf(result).map(({ outputs }) => outputs.map(({ text, data }) => text ?? data));

describe('runNotebook', function () {
  this.timeout(60_000);

  it('keeps state from cell to cell, counts, and collects outputs', async () => {
    const result = await run(
      'const x: number = 20;',
      'console.log(x + 1); console.log("two");',
      'const late = await new Promise<number>((resolve) => setTimeout(resolve, 50, x * 2)); late',
    );
    assert.equal(result.failure, undefined);
    assert.deepEqual(outputsOf(result), [[], ['21\ntwo\n'], ['40\n']]);
    const counts = cellsOf(result).map((cell) => cell.execution_count);
    assert.deepEqual(counts, [1, 2, 3]);
  });

  it('imports the library by its name, and keeps only the last state of a display', async () => {
    const result = await run(
      'import { openNotebook, table, Progress } from "mmp"; await openNotebook();',
      'table(["a"], [["<b>"], [2]]);',
      'const p = new Progress("steps"); p.update(1, 3); p.update(3, 3, "loss 0.5"); p.finish();',
    );
    assert.equal(result.failure, undefined);
    const [opening, shown, progress] = outputsOf(result) as Record<string, string>[][];
    assert.match(opening![0]!['text/plain']!, /^backend: \w+ \(.*budget: quick$/);
    assert.match(
      shown![0]!['text/html']!,
      /<td>&lt;b&gt;<\/td>.*<td style="text-align:right">2<\/td>/,
    );
    assert.equal(progress!.length, 1);
    assert.match(progress![0]!['text/plain']!, /^steps 3\/3 · loss 0.5 · took 0 s$/);
  });

  it('tells progress before each cell', async () => {
    const told: string[] = [];
    await runNotebook(notebookOf('1', '2'), {
      folder,
      cellSeconds: 20,
      onCell: (cell, cells) => told.push(`${cell}/${cells}`),
    });
    assert.deepEqual(told, ['1/2', '2/2']);
  });

  it('does not touch the notebook that it is given', async () => {
    const source = notebookOf('console.log(1)');
    await runNotebook(source, { folder, cellSeconds: 20 });
    assert.deepEqual(source, notebookOf('console.log(1)'));
  });

  const canaries: [string, string[], number, RegExp][] = [
    ['an exception', ['1', 'throw new Error("stop here")', '2'], 2, /stop here/],
    ['a type error', ['const n: number = "text";'], 1, /Type 'string' is not assignable/],
    ['an awaited rejection', ['await Promise.reject(new Error("awaited"))'], 1, /awaited/],
    [
      'a forgotten await',
      [
        'async function step() { throw new Error("forgotten"); }',
        'step(); 1',
        'console.log("next")',
      ],
      2,
      /forgotten/,
    ],
    [
      'a forgotten await in the last cell',
      ['1', 'void Promise.reject(new Error("last"))'],
      2,
      /last/,
    ],
    [
      'a rejection long after its cell',
      ['setTimeout(() => { throw new Error("late"); }, 100)'],
      1,
      /late/,
    ],
    ['text on stderr', ['console.error("complaint")'], 1, /complaint/],
    ['an endless wait', ['1', 'await new Promise(() => undefined)'], 2, /longer than 3 s/],
    ['an endless loop', ['for (;;);'], 1, /longer than 3 s/],
    ['process.exit', ['process.exit(0)'], 1, /the kernel ended \(exit code 0\)/],
    [
      'a killed kernel',
      ['1', 'process.kill(process.pid, "SIGKILL"); await new Promise(() => undefined)'],
      2,
      /the kernel ended \(SIGKILL\)/,
    ],
    ['a package that is not there', ['import x from "no-such-package"'], 1, /no-such-package/],
  ];
  for (const [name, cells, failing, reason] of canaries) {
    it(`fails on ${name}, and names the cell`, async () => {
      const result = await runNotebook(notebookOf(...cells), { folder, cellSeconds: 3 });
      assert.ok(result.failure, 'it passed');
      assert.match(result.failure.reason, reason);
      assert.equal(result.failure.cell, failing);
    });
  }

  it('does not run the cells after a failed one', async () => {
    const result = await run('throw new Error("first")', 'console.log("second")');
    assert.deepEqual(cellsOf(result)[1]!.outputs, []);
    assert.equal(cellsOf(result)[1]!.execution_count, null);
  });
});
