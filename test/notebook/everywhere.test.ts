/** One small program in every place where it can run: what the display functions show there, and how it fails. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import { kernelNames } from '../../src/notebook/client.js';
import type { CodeCell } from '../../src/notebook/format.js';
import { reportMime } from '../../src/notebook/report.js';
import { runNotebook } from '../../src/notebook/run.js';
import { notebookOf } from '../support/notebooks.js';

const program = [
  `import { DataFrame } from 'danfojs-node';
   import { report, show, table, track } from 'mmp';`,
  `await show({
     data: [{ type: 'bar', y: [1] }],
     layout: { width: 300, height: 200, title: { text: 'A bar, anywhere' } },
   });`,
  `let sum = 0;
   for (const n of track([1, 2, 3], { label: 'numbers' })) sum += n;
   console.log(sum);`,
  `table(new DataFrame([{ name: 'a', n: 1 }, { name: 'b', n: 20 }]));`,
  `report('sum', sum, { band: [5, 7] });`,
  `report('sum', sum + 2, { band: [5, 7] });`,
  `console.log('never');`,
];
/** What is read after the line of the figure. */
const expected = `numbers 3/3 · took 0 s
6
┌──────┬────┐
│ name │  n │
│ a    │  1 │
│ b    │ 20 │
└──────┴────┘
sum: 6 (expected 5 to 7)
sum: 8 (expected 5 to 7)
`;
const failure = /sum is 8, expected 5 to 7/;

describe('the display functions', function () {
  this.timeout(120_000);

  for (const kernel of kernelNames) {
    it(`show in the kernel ${kernel} what they should, and fail as they should`, async () => {
      const notebook = notebookOf(...program);
      const folder = path.join(projectRoot, 'notebooks');
      const result = await runNotebook(notebook, { folder, kernel, cellSeconds: 60 });
      const outputs = (result.notebook.cells as CodeCell[])
        .flatMap((cell) => cell.outputs)
        // How a kernel says that a cell failed is its own matter.
        .filter(({ name, output_type: type }) => name !== 'stderr' && type !== 'error');
      const bundles = outputs.map(({ data, text }) => data ?? { 'text/plain': text });
      const mimes = ['text/plain', reportMime];
      assert.deepEqual(
        bundles.map((bundle) => Object.keys(bundle).sort()),
        [
          ['application/vnd.plotly.v1+json', 'image/svg+xml', 'text/plain'],
          ['text/plain'],
          ['text/plain'],
          ['text/html', 'text/plain'],
          mimes.sort(),
          mimes.sort(),
        ],
      );
      const texts = outputs.map(
        ({ data, text }) => (text as string | undefined) ?? `${(data as Text)['text/plain']}\n`,
      );
      assert.equal(texts.join(''), `A bar, anywhere\n${expected}`);
      assert.deepEqual((bundles[4] as Record<string, unknown>)[reportMime], {
        name: 'sum',
        value: 6,
        band: [5, 7],
      });
      assert.equal(result.failure?.cell, 6);
      assert.match(result.failure.reason, failure);
    });
  }

  it('show in a plain script what they should, and fail as they should', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--eval', program.join('\n')],
      { cwd: projectRoot, encoding: 'utf8' },
    );
    const [line, file] = /^\[figure\] A bar, anywhere: (.*)\n/.exec(stdout) ?? [];
    assert.ok(line !== undefined && file !== undefined, stdout);
    assert.equal(stdout, `${line}${expected}`);
    assert.equal(path.dirname(file), path.join(projectRoot, 'data', 'runs', 'figures'));
    assert.match(readFileSync(file, 'utf8'), /^<svg .*A bar, anywhere.*<\/svg>$/s);
    rmSync(file);
    assert.match(stderr, failure);
    assert.equal(status, 1);
  });
});

type Text = Record<'text/plain', string>;
