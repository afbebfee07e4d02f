/** The headless runner on the real kernel: what must pass passes, and what must fail fails. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { projectRoot } from '../../src/files/paths.js';
import { kernelNames } from '../../src/notebook/client.js';
import type { CodeCell } from '../../src/notebook/format.js';
import { severalAtATime } from '../../src/notebook/jobs.js';
import { cutLine, outputLimit } from '../../src/notebook/outputs.js';
import { runNotebook, type NotebookResult } from '../../src/notebook/run.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { notebookOf, raising, withKernel, type TaggedCell } from '../support/notebooks.js';

const folder = path.join(projectRoot, 'notebooks');
const run = (...cells: (string | TaggedCell)[]) =>
  runNotebook(notebookOf(...cells), { folder, cellSeconds: 20 });
const cellsOf = ({ notebook }: NotebookResult) => notebook.cells as CodeCell[];
const outputsOf = (result: NotebookResult) =>
  cellsOf(result).map(({ outputs }) => outputs.map(({ text, data }) => text ?? data));
const failureOf = ({ failure }: NotebookResult) => failure && [failure.cell, failure.reason];

describe('runNotebook', function () {
  this.timeout(60_000);

  it('keeps state from cell to cell, counts, tells, and collects outputs in a copy', async () => {
    const source = notebookOf(
      'const x: number = 20;',
      'console.log(x + 1); console.log("two");',
      'const late = await new Promise<number>((resolve) => setTimeout(resolve, 50, x * 2)); late',
    );
    const before = structuredClone(source);
    const told: string[] = [];
    const onCell = (cell: number, cells: number) => told.push(`${cell}/${cells}`);
    const result = await runNotebook(source, { folder, cellSeconds: 20, onCell });
    assert.equal(result.failure, undefined);
    assert.deepEqual(told, ['1/3', '2/3', '3/3']);
    assert.deepEqual(source, before);
    assert.deepEqual(outputsOf(result), [[], ['21\ntwo\n'], [{ 'text/plain': '40' }]]);
    assert.deepEqual(cellsOf(result)[2]!.outputs, [
      {
        output_type: 'execute_result',
        execution_count: 3,
        data: { 'text/plain': '40' },
        metadata: {},
      },
    ]);
    const counts = cellsOf(result).map((cell) => cell.execution_count);
    assert.deepEqual(counts, [1, 2, 3]);
  });

  for (const kernel of kernelNames) {
    it(`in ${kernel}, cells that must fail do, and the run goes on`, async () => {
      const cells = [
        'const x = 1; console.log(x);',
        raising('throw new Error("on purpose")'),
        'console.log(x + 1);',
        raising('const n: number = "text";'),
        raising('await Promise.reject(new TypeError("again"))'),
        'console.log(x + 2);',
        raising('console.log("no failure")'),
        'console.log("never")',
      ];
      const notebook = withKernel(kernel, notebookOf(...cells));
      const result = await runNotebook(notebook, { folder, cellSeconds: 20 });
      assert.deepEqual(failureOf(result), [7, 'it is tagged raises-exception, but raised none']);
      const outputs = outputsOf(result).map(([text]) => text);
      assert.deepEqual(
        [0, 2, 5, 6, 7].map((cell) => outputs[cell]),
        ['1\n', '2\n', '3\n', 'no failure\n', undefined],
      );
      const failed = JSON.stringify([1, 3, 4].map((cell) => cellsOf(result)[cell]!.outputs));
      assert.match(failed, /on purpose.*Type 'string' is not assignable.*again/);
      const counts = cellsOf(result).map((cell) => cell.execution_count);
      assert.deepEqual(counts, [1, 2, 3, 4, 5, 6, 7, null]);
    });
  }

  it('runs all notebooks in one kernel when told so, and names a kernel that there is not', async () => {
    const foreign = withKernel(
      'deno',
      notebookOf('console.log("__tslab__" in globalThis, 1);', '2'),
    );
    const refused = await runNotebook(foreign, { folder, cellSeconds: 20 });
    assert.deepEqual(failureOf(refused), [
      undefined,
      'its kernel is "deno"; this project has mmp and tslab',
    ]);
    const result = await runNotebook(foreign, { folder, cellSeconds: 20, kernel: 'tslab' });
    assert.equal(result.failure, undefined);
    // tslab prints the last value; our kernel has a result.
    assert.deepEqual(outputsOf(result), [['true 1\n'], ['2\n']]);
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

  const flood = 'for (let i = 0; i < 500_000; i++) console.log("x".repeat(100));';
  const late = 'setTimeout(() => { throw new Error("late"); }, 100);';
  const lost = 'process.stdout.write = () => true;';
  const canaries: [string, string[], number, RegExp][] = [
    ['an exception', ['1', 'throw new Error("stop here")', '2'], 2, /^Error: stop here$/],
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
    ['a rejection long after its cell', [late], 1, /late/],
    [
      'a rejection while another cell runs',
      ['1', late, 'await new Promise((r) => setTimeout(r, 500)); 1'],
      2,
      /^Error: late$/,
    ],
    ['text on stderr', ['console.error("complaint")'], 1, /^complaint$/],
    [
      'an endless wait',
      ['1', 'await new Promise(\n() => undefined)'],
      2,
      /^it took longer than 3 s: await new Promise\($/,
    ],
    ['an endless loop', ['for (;;);'], 1, /^it took longer than 3 s: for \(;;\);$/],
    ['process.exit', ['process.exit(0)'], 1, /^ExitRefused: process\.exit\(0\)/],
    [
      'a kernel that prints and ends',
      ['1', 'import { writeSync } from "fs"; writeSync(2, "last words"); process.abort();'],
      2,
      /^the kernel ended \(SIG\w+\); it printed:\n.*last words/s,
    ],
    [
      'a kernel that ends after its last cell',
      ['setTimeout(() => process.kill(process.pid, "SIGKILL"), 100); 1'],
      1,
      /^the kernel ended \(SIGKILL\)$/,
    ],
    ['a package that is not there', ['import x from "no-such-package"'], 1, /no-such-package/],
    [
      'lost output',
      [lost, 'console.log("lost")'],
      2,
      /^it calls console\.log, but no output arrived$/,
    ],
    ['50 MB of output', ['1', flood], 2, /^it wrote more than 20 MB$/],
  ];
  const tslabCanaries: typeof canaries = [
    ['an exception', ['throw new Error("stop here")', '1'], 1, /stop here/],
    ['a forgotten await', ['void Promise.reject(new Error("forgotten"))', '1'], 1, /forgotten/],
    ['process.exit', ['process.exit(3)'], 1, /^the kernel ended \(exit code 3\)/],
    ['an endless loop', ['for (;;);'], 1, /^it took longer than 3 s/],
  ];
  describe('fails and names the cell', () => {
    const all = [
      ...canaries.map((canary) => ['mmp', ...canary] as const),
      ...tslabCanaries.map((canary) => ['tslab', ...canary] as const),
    ];
    let results: NotebookResult[];
    before(async function () {
      this.timeout(300_000);
      // Two at a time: half of what they do is to wait.
      results = await severalAtATime(all, 2, undefined, ([kernel, , cells]) =>
        runNotebook(withKernel(kernel, notebookOf(...cells)), { folder, cellSeconds: 3 }),
      );
    });
    for (const [index, [kernel, name, , failing, reason]] of all.entries()) {
      it(`on ${name}, in ${kernel}`, () => {
        const { failure } = results[index]!;
        assert.ok(failure, 'it passed');
        assert.match(failure.reason, reason);
        assert.equal(failure.cell, failing);
      });
    }

    it('with the outputs until then: a traceback, and where an interrupted cell was', () => {
      const errorOf = (name: string) => {
        const index = all.findIndex(([, canary]) => canary === name);
        return cellsOf(results[index]!)
          .flatMap(({ outputs }) => outputs)
          .find(({ output_type }) => output_type === 'error')!;
      };
      const { ename, evalue, traceback } = errorOf('an exception');
      assert.deepEqual([ename, evalue], ['Error', 'stop here']);
      assert.match((traceback as string[]).join('\n'), /\u001b\[31mError.*cell \[2\], line 1/s);
      assert.equal(errorOf('an endless wait').ename, 'Interrupted');
    });

    it('with the outputs up to the limit, and a line that says so', () => {
      const index = all.findIndex(([, canary]) => canary === '50 MB of output');
      const [kept, line] = cellsOf(results[index]!)[1]!.outputs;
      assert.equal(String(kept!.text).length, outputLimit);
      assert.equal(line!.text, cutLine);
    });

    it('and does not run the cells after it', () => {
      const [, , after] = cellsOf(results[0]!);
      assert.deepEqual([after!.outputs, after!.execution_count], [[], null]);
    });
  });

  it('names the signal that killed its kernel from outside, with the outputs until then', async () => {
    const place = makeFolder();
    const file = path.join(place, 'pid');
    const cells = [
      `import { writeFileSync } from "fs"; console.log("begun"); await new Promise((r) => setTimeout(r, 300)); writeFileSync(${JSON.stringify(file)}, String(process.pid)); await new Promise(() => undefined);`,
    ];
    const running = run(...cells);
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') await sleep(50);
    process.kill(Number(readFileSync(file, 'utf8')), 'SIGKILL');
    const result = await running;
    removeFolder(place);
    assert.deepEqual(failureOf(result), [1, 'the kernel ended (SIGKILL)']);
    assert.deepEqual(outputsOf(result), [['begun\n']]);
  });
});
