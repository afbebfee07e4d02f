/** Workbooks of tiny notebooks, some of which fail: what the run leaves and what its pages say. */
import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { JSDOM } from 'jsdom';
import { projectRoot } from '../../src/files/paths.js';
import { projectPython } from '../../src/files/python.js';
import { failureLine } from '../../src/notebook/failure.js';
import {
  notebookText,
  readNotebook,
  writeNotebook,
  type CodeCell,
} from '../../src/notebook/format.js';
import { runWorkbook } from '../../src/notebook/workbook.js';
import type { Entry } from '../../src/site/site.js';
import { notebookOf, withKernel } from '../support/notebooks.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { skip } from '../support/skip.js';

const figure =
  '{ data: [{ type: "bar", y: [1] }], layout: { width: 300, height: 200, title: { text: "A < B" } } }';
const failing = notebookOf('1', 'throw new Error("<stop> here")', 'console.log("never")');
const passing = notebookOf(
  'import { openNotebook, report, show, table } from "mmp"; await openNotebook();',
  'console.log("<i>1 & 2</i>");',
  'table(["a"], [["<u>"]]); report("gain", 0.5, { band: [0, 1] }); report("loss", 2);',
  `await show(${figure});`,
);
passing.cells.unshift({
  cell_type: 'markdown',
  id: 'title',
  metadata: {},
  source: '# Sums & more\n\nSee [the other](01-bad.ipynb).',
});

/** Lets notebooks below a folder import what the project can, the library by its name among it. */
function linkPackages(folder: string): void {
  const packages = path.join(projectRoot, 'node_modules');
  symlinkSync(packages, path.join(folder, 'node_modules'), 'junction');
}

describe('runWorkbook', function () {
  this.timeout(120_000);

  let parent: string;
  let notebooks: string;
  let output: string;
  let entries: Entry[];
  const told: string[] = [];
  const report = {
    notebook: (name: string) => told.push(name),
    cell: (name: string, cell: number, cells: number) => told.push(`${name} ${cell}/${cells}`),
    finished: (name: string, summary?: string) => told.push(`${name} ${summary}`),
  };
  const page = (name: string) =>
    new JSDOM(readFileSync(path.join(output, `${name}.html`), 'utf8')).window.document;
  const textsOf = (name: string, selector: string) =>
    [...page(name).querySelectorAll(selector)].map(({ textContent }) => textContent);

  before(async () => {
    parent = makeFolder();
    notebooks = path.join(parent, 'notebooks');
    output = path.join(parent, 'out', 'site');
    mkdirSync(notebooks);
    linkPackages(parent);
    writeNotebook(path.join(notebooks, '01-bad.ipynb'), failing);
    writeNotebook(path.join(notebooks, '02-good.ipynb'), passing);
    writeFileSync(path.join(notebooks, 'notes.txt'), 'not a notebook');
    entries = await runWorkbook({ notebooks, output, cellSeconds: 60, report });
  });
  after(() => {
    removeFolder(parent);
  });

  it('names the failed cell, and runs the next notebook all the same', () => {
    assert.deepEqual(
      entries.map(({ name, failure }) => [name, failure?.cell]),
      [
        ['01-bad', 2],
        ['02-good', undefined],
      ],
    );
    assert.match(entries[0]!.failure!.reason, /<stop> here/);
  });

  it('tells how it goes', () => {
    assert.deepEqual(told.slice(0, 3), ['01-bad', '01-bad 1/3', '01-bad 2/3']);
    assert.match(told[3]!, /^01-bad \d+ s {2}FAILED cell 2: Error: <stop> here$/);
    assert.match(told.at(-1)!, /^02-good \d+ s {2}ok$/);
  });

  it('leaves pages, executed notebooks and a summary, and nothing half-made', () => {
    assert.deepEqual(readdirSync(path.dirname(output)), ['site']);
    assert.deepEqual(readdirSync(output).sort(), [
      '01-bad.html',
      '01-bad.ipynb',
      '02-good.html',
      '02-good.ipynb',
      'assets',
      'index.html',
      'workbook.json',
    ]);
  });

  it('writes notebooks with their counts and outputs, also of the failed one', () => {
    const cells = (name: string) =>
      readNotebook(path.join(output, `${name}.ipynb`)).cells.filter(
        (cell): cell is CodeCell => cell.cell_type === 'code',
      );
    assert.deepEqual(
      cells('02-good').map(({ execution_count }) => execution_count),
      [1, 2, 3, 4],
    );
    assert.equal(cells('02-good')[1]!.outputs[0]!.text, '<i>1 & 2</i>\n');
    const [ran, failed, never] = cells('01-bad');
    assert.equal(ran!.execution_count, 1);
    assert.match(JSON.stringify(failed!.outputs), /<stop> here/);
    assert.deepEqual([never!.execution_count, never!.outputs], [null, []]);
  });

  it('leaves the notebooks that it ran as they were', () => {
    assert.deepEqual(readNotebook(path.join(notebooks, '02-good.ipynb')), passing);
  });

  it('summarises the run as JSON', () => {
    const text = readFileSync(path.join(output, 'workbook.json'), 'utf8');
    const { notebooks: summary } = JSON.parse(text) as {
      notebooks: {
        name: string;
        failure: { cell: number } | null;
        opening: { node: string } | null;
        reports: object[];
      }[];
    };
    assert.deepEqual(
      summary.map(({ name, failure }) => [name, failure?.cell ?? null]),
      [
        ['01-bad', 2],
        ['02-good', null],
      ],
    );
    assert.equal(summary[0]!.opening, null);
    assert.equal(summary[1]!.opening!.node, process.version);
    assert.deepEqual(
      summary.map(({ reports }) => reports),
      [
        [],
        [
          { name: 'gain', value: 0.5, band: [0, 1] },
          { name: 'loss', value: 2, band: null },
        ],
      ],
    );
  });

  it('says in the index what ran and what failed', () => {
    const states = [...page('index').querySelectorAll('tbody tr')].map((row) =>
      [...row.querySelectorAll('td')].slice(0, 2).map(({ textContent }) => textContent),
    );
    assert.deepEqual(states, [
      ['Untitled', 'failed: cell 2: Error: <stop> here'],
      ['Sums & more', 'ran'],
    ]);
  });

  it('shows the error on the page of the failed notebook', () => {
    assert.match(textsOf('01-bad', 'pre.error').join(''), /<stop> here/);
  });

  it('keeps text text: what looks like HTML in outputs and titles is escaped', () => {
    assert.equal(textsOf('02-good', 'title')[0], 'Sums & more');
    assert.ok(textsOf('02-good', '.output pre').includes('<i>1 & 2</i>\n'));
    assert.deepEqual(textsOf('02-good', '.output td'), ['<u>']);
    assert.deepEqual(textsOf('02-good', 'main i, main u'), []);
  });

  it('holds a figure as Plotly JSON with its title as a label', () => {
    const shown = page('02-good').querySelector('figure.plotly')!;
    assert.equal(shown.getAttribute('aria-label'), 'A < B');
    const { data } = JSON.parse(shown.querySelector('script')!.innerHTML) as { data: unknown };
    assert.deepEqual(data, [{ type: 'bar', y: [1] }]);
  });

  it('links pages to pages that are there', () => {
    for (const name of ['index', '01-bad', '02-good']) {
      const links = [...page(name).querySelectorAll('a')].map((link) => link.getAttribute('href')!);
      assert.ok(links.length > 0);
      for (const link of links) assert.ok(existsSync(path.join(output, link)), `${name}: ${link}`);
    }
  });

  it('needs no network: scripts, styles and pictures are in the folder', () => {
    for (const name of ['index', '01-bad', '02-good']) {
      const needed = [...page(name).querySelectorAll('script[src], link[href], img[src]')].map(
        (element) => element.getAttribute('src') ?? element.getAttribute('href') ?? '',
      );
      const files = needed.filter((target) => !target.startsWith('data:'));
      assert.ok(files.length >= 3, name);
      for (const file of files) assert.ok(existsSync(path.join(output, file)), `${name}: ${file}`);
    }
    for (const name of ['katex.min.css', 'highlight.css', 'site.css']) {
      const css = readFileSync(path.join(output, 'assets', name), 'utf8');
      for (const [, target] of css.matchAll(/url\(["']?([^)"']+)/g)) {
        assert.ok(
          target!.startsWith('data:') || existsSync(path.join(output, 'assets', target!)),
          target,
        );
      }
    }
  });

  it('does not replace a folder of other things', async () => {
    const other = path.join(parent, 'other');
    mkdirSync(other);
    writeFileSync(path.join(other, 'thesis.txt'), 'years');
    await assert.rejects(
      runWorkbook({ notebooks, output: other }),
      /holds something else than a workbook run/,
    );
    assert.deepEqual(readdirSync(other), ['thesis.txt']);
  });

  it('runs only what is picked, and replaces the earlier result as a whole', async () => {
    const again = path.join(parent, 'again');
    mkdirSync(again);
    writeFileSync(path.join(again, 'stray.html'), 'from an earlier run');
    writeFileSync(path.join(again, 'workbook.json'), '{}');
    const picked = await runWorkbook({ notebooks, output: again, only: ['01'], cellSeconds: 60 });
    assert.deepEqual(
      picked.map(({ name }) => name),
      ['01-bad'],
    );
    assert.deepEqual(readdirSync(again).sort(), [
      '01-bad.html',
      '01-bad.ipynb',
      'assets',
      'index.html',
      'workbook.json',
    ]);
    assert.match(readFileSync(path.join(again, 'index.html'), 'utf8'), /failed: cell 2: /);
  });

  /** Runs what must be refused, and asserts that no notebook began and nothing was made. */
  const refused = async (options: object, message: RegExp) => {
    const begun: string[] = [];
    const watched = { ...report, notebook: (name: string) => begun.push(name) };
    const left = readdirSync(parent);
    await assert.rejects(
      runWorkbook({ notebooks, output: path.join(parent, 'none'), report: watched, ...options }),
      message,
    );
    assert.deepEqual(begun, []);
    assert.deepEqual(readdirSync(parent), left);
  };

  it('refuses a pick that is no notebook, and lists those that are', async () => {
    await refused({ only: ['01', 'zz'] }, /no notebook "zz" in .*; there are 01-bad, 02-good$/);
  });

  it('refuses an output that cannot be written, before anything runs', async () => {
    const blocked = path.join(notebooks, 'notes.txt', 'site');
    await refused({ output: blocked }, /cannot write .*notes\.txt\/site: /);
  });
});

describe('a workbook in which much is wrong', function () {
  this.timeout(120_000);

  const good = notebookOf('console.log("good")');
  const changed = (change: object) => JSON.stringify({ ...good, ...change });
  const changedCell = (change: object) =>
    changed({ cells: good.cells.map((cell) => ({ ...cell, ...change })) });
  /** What is in the file, and the failure that is expected; none where the notebook runs. */
  const files: Record<string, [string, RegExp?]> = {
    'changed-while-it-ran': [
      notebookText(
        notebookOf(
          'import { appendFileSync } from "fs"; appendFileSync("changed-while-it-ran.ipynb", " ");',
        ),
      ),
      /changed-while-it-ran\.ipynb was changed while it ran; it stays as it is$/,
    ],
    empty: ['', /empty\.ipynb is not a notebook: /],
    'not-json': ['{ "cells": [', /not-json\.ipynb is not a notebook: /],
    'other-language': [
      changed({ metadata: { kernelspec: { name: 'python3', language: 'python' } } }),
      /not a TypeScript notebook:.*kernelspec\.language/s,
    ],
    'other-kernel': [
      notebookText(withKernel('deno', good)),
      /its kernel is "deno"; .*mmp and tslab$/,
    ],
    'other-cell-type': [
      changedCell({ cell_type: 'raw' }),
      /not a TypeScript notebook:.*cell_type/s,
    ],
    'old-format': [changed({ nbformat: 3 }), /not a TypeScript notebook:.*nbformat/s],
    'no-metadata': [changed({ metadata: undefined }), /not a TypeScript notebook:.*metadata/s],
    'no-cells': [changed({ cells: undefined }), /not a TypeScript notebook:.*cells/s],
    'no-cell-id': [changedCell({ id: undefined }), /not a TypeScript notebook:.*cells\[0\]\.id/s],
    formula: [
      changed({
        cells: [{ cell_type: 'markdown', id: 'a', metadata: {}, source: '$\\frac{1$' }],
      }),
      /^formula: /,
    ],
    killed: [
      notebookText(notebookOf('process.kill(process.pid, "SIGKILL"); await new Promise(() => 1)')),
      /^the kernel ended \(SIGKILL\)$/,
    ],
    'much-output': [
      notebookText(notebookOf('for (let i = 0; i < 500; i++) console.log("x".repeat(100_000));')),
      /^it wrote more than 20 MB$/,
    ],
    binary: [
      notebookText(
        notebookOf(
          'process.stdout.write(Buffer.from([0, 255, 254, 60, 98, 62])); console.log("\\ud800 end");',
          `import { createRequire } from "module";
           const jupyter = createRequire(${JSON.stringify(__filename)})("tslab/dist/jupyter.js");
           const data = { "image/png": Buffer.from([137, 80, 0]), "text/plain": "a \\0 b" };
           jupyter.lastWriteDisplayData({ data, metadata: {}, transient: {} }, false);`,
        ),
      ),
    ],
    'zz-good': [notebookText(good)],
  };
  const failing = Object.keys(files).filter((name) => files[name]![1]);
  const running = Object.keys(files).filter((name) => !files[name]![1]);
  let folder: string;
  let output: string;
  let entries: Entry[];
  const textOf = (name: string) => readFileSync(path.join(folder, `${name}.ipynb`), 'utf8');
  const cellsOf = (name: string) =>
    readNotebook(path.join(folder, `${name}.ipynb`)).cells as CodeCell[];

  before(async () => {
    folder = makeFolder();
    output = path.join(folder, 'site');
    linkPackages(folder);
    for (const [name, [text]] of Object.entries(files)) {
      writeFileSync(path.join(folder, `${name}.ipynb`), text);
    }
    entries = await runWorkbook({
      notebooks: folder,
      output,
      inPlace: true,
      jobs: 2,
      cellSeconds: 60,
    });
  });
  after(() => {
    removeFolder(folder);
  });

  it('fails where it is wrong, and says why', () => {
    assert.deepEqual(
      entries.filter(({ failure }) => failure).map(({ name }) => name),
      failing.sort(),
    );
    for (const { name, failure } of entries) {
      if (failure) assert.match(failure.reason, files[name]![1]!, name);
    }
  });

  it('has its entries in order, however they were run', () => {
    assert.deepEqual(
      entries.map(({ name }) => name),
      Object.keys(files).sort(),
    );
  });

  it('leaves the originals of what failed as they were, byte for byte', () => {
    for (const name of failing) {
      // This one has changed itself.
      const added = name === 'changed-while-it-ran' ? ' ' : '';
      assert.equal(textOf(name), files[name]![0] + added, name);
    }
  });

  it('writes what ran over the originals', () => {
    assert.deepEqual(running, ['binary', 'zz-good']);
    const [cell] = cellsOf('zz-good');
    assert.deepEqual([cell!.execution_count, cell!.outputs[0]!.text], [1, 'good\n']);
  });

  it('keeps binary output valid: base64 where bytes belong, replacement characters in text', () => {
    assert.ok(isUtf8(readFileSync(path.join(folder, 'binary.ipynb'))));
    const [text, picture] = cellsOf('binary').map(({ outputs }) => outputs[0]!);
    assert.equal(text!.text, '\0\ufffd\ufffd<b>\ufffd end\n');
    assert.deepEqual(picture!.data, { 'image/png': 'iVAA', 'text/plain': 'a \0 b' });
    const { document } = new JSDOM(readFileSync(path.join(output, 'binary.html'), 'utf8')).window;
    assert.equal(
      document.querySelector('.output pre')!.textContent,
      '\ufffd\ufffd\ufffd<b>\ufffd end\n',
    );
    assert.equal(
      document.querySelector('.output img')!.getAttribute('src'),
      'data:image/png;base64,iVAA',
    );
  });

  it('lists every notebook in workbook.json and on the index page, with the reason', () => {
    const { notebooks } = JSON.parse(readFileSync(path.join(output, 'workbook.json'), 'utf8')) as {
      notebooks: { name: string; failure: { cell: number | null; reason: string } | null }[];
    };
    assert.deepEqual(
      notebooks.map(({ name, failure }) => [name, failure?.reason]),
      entries.map(({ name, failure }) => [name, failure?.reason]),
    );
    const { document } = new JSDOM(readFileSync(path.join(output, 'index.html'), 'utf8')).window;
    const states = [...document.querySelectorAll('tbody tr')].map(
      (row) => row.querySelectorAll('td')[1]!.textContent,
    );
    assert.deepEqual(
      states,
      entries.map(({ failure }) => (failure ? `failed: ${failureLine(failure)}` : 'ran')),
    );
  });

  it('has pages of what could be read', () => {
    const pages = readdirSync(output).filter((name) => name.endsWith('.html'));
    assert.deepEqual(pages, [
      'binary.html',
      'index.html',
      'killed.html',
      'much-output.html',
      'other-kernel.html',
      'zz-good.html',
    ]);
  });

  it('leaves executed notebooks that nbformat finds valid', function () {
    const there = spawnSync(projectPython, ['-c', 'import nbformat']).status === 0;
    if (!there) skip(this, 'there is no .venv with nbformat: npm run lab makes one');
    const check =
      'import nbformat, sys\nfor f in sys.argv[1:]: nbformat.validate(nbformat.read(f, 4))';
    const names = readdirSync(output).filter((name) => name.endsWith('.ipynb'));
    const { status, stderr } = spawnSync(projectPython, ['-W', 'error', '-c', check, ...names], {
      cwd: output,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  });

  it('makes no output folder in place unless it is asked for', async () => {
    const before = readdirSync(folder);
    await runWorkbook({ notebooks: folder, inPlace: true, only: ['empty'] });
    assert.deepEqual(readdirSync(folder), before);
  });
});

describe('the command line', () => {
  const cli = path.join(projectRoot, 'dist', 'src', 'cli.js');
  const refusals: [string, string[], RegExp][] = [
    ['an unknown notebook', ['--only', 'zz'], /^mmp: no notebook "zz" .*there are 01-.*\n$/],
    // With an unknown notebook beside it, so that nothing runs should the number be taken.
    [
      'a negative time limit',
      ['--cell-seconds', '-3', '--only', 'zz'],
      /cell-seconds.*'-3' is invalid\. A positive number/,
    ],
    [
      'an output folder without a name',
      ['--output', '', '--only', '02'],
      /output folder has no name/,
    ],
    [
      'a file for an output folder',
      ['--output', __filename, '--only', '02'],
      /is a file, and would be/,
    ],
    ['a time limit that is no number', ['--cell-seconds', 'x', '--only', 'zz'], /positive number/],
    ['half a notebook at a time', ['--jobs', '1.5', '--only', 'zz'], /jobs.*A whole number/],
    ['an unknown kernel', ['--kernel', 'deno', '--only', 'zz'], /kernel.*mmp, tslab/],
    ['an unknown budget', ['--budget', 'fast', '--only', 'zz'], /budget.*quick, full/],
    ['an unknown option', ['--fast', '--only', 'zz'], /unknown option '--fast'/],
    [
      'an output folder for what is written in place',
      ['--in-place', '--output', 'x', '--only', 'zz'],
      /--in-place makes no output folder: give --html with --output/,
    ],
  ];
  for (const [name, parameters, message] of refusals) {
    it(`refuses ${name}`, () => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [cli, 'workbook', ...parameters],
        { encoding: 'utf8' },
      );
      assert.equal(status, 1);
      assert.equal(stdout, '');
      assert.match(stderr, message);
    });
  }
});
