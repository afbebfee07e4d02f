import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { notebookText, readNotebook, titleOf, writeNotebook } from '../../src/notebook/format.js';
import { budgetName } from '../../src/notebook/budget.js';
import { assertSame } from '../../src/notebook/parity.js';
import { duration } from '../../src/notebook/progress.js';
import { tf } from '../../src/tensor/tf.js';
import { notebookOf } from '../support/notebooks.js';
import { makeFolder, removeFolder } from '../support/folders.js';

describe('notebook files', () => {
  let file: string;
  before(() => {
    file = path.join(makeFolder(), 'n.ipynb');
  });
  after(() => {
    removeFolder(path.dirname(file));
  });

  it('come back as they were written', () => {
    const notebook = notebookOf('console.log(1)');
    writeNotebook(file, notebook);
    assert.deepEqual(readNotebook(file), notebook);
  });

  it('are written as Jupyter does: keys in order, sources as lines', () => {
    const notebook = notebookOf('a;\nb;\n', '');
    notebook.metadata = { kernelspec: { name: 'mmp', language: 'typescript' }, another: [] };
    const cell = (id: string, source: string) => `  {
   "cell_type": "code",
   "execution_count": null,
   "id": "${id}",
   "metadata": {},
   "outputs": [],
   "source": ${source}
  }`;
    assert.equal(
      notebookText(notebook),
      `{
 "cells": [
${cell('cell-1', '[\n    "a;\\n",\n    "b;\\n"\n   ]')},
${cell('cell-2', '[]')}
 ],
 "metadata": {
  "another": [],
  "kernelspec": {
   "language": "typescript",
   "name": "mmp"
  }
 },
 "nbformat": 4,
 "nbformat_minor": 5
}
`,
    );
  });

  it('may hold their text as lines', () => {
    const lines = JSON.stringify({
      ...notebookOf(),
      cells: [{ cell_type: 'markdown', id: 'a', metadata: {}, source: ['# A\n', 'b'] }],
    });
    writeFileSync(file, lines);
    assert.equal(readNotebook(file).cells[0]!.source, '# A\nb');
    assert.equal(titleOf(readNotebook(file)), 'A');
    assert.equal(titleOf(notebookOf('1')), 'Untitled');
  });

  const refusals: [string, unknown, RegExp][] = [
    ['what is not JSON', '{', /n.ipynb is not a notebook: /],
    [
      'another kernel',
      { ...notebookOf(), metadata: { kernelspec: { name: 'python3', language: 'python' } } },
      /not a TypeScript notebook:.*kernelspec.language/s,
    ],
    [
      'an unknown cell type',
      { ...notebookOf(), cells: [{ cell_type: 'raw' }] },
      /not a TypeScript notebook:.*cell_type/s,
    ],
    ['an old format', { ...notebookOf(), nbformat: 3 }, /not a TypeScript notebook:.*nbformat/s],
  ];
  for (const [name, content, message] of refusals) {
    it(`refuse ${name}, naming the file`, () => {
      writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
      assert.throws(() => readNotebook(file), message);
    });
  }
});

describe('small helpers of notebooks', () => {
  it('assertSame refuses differences, counts and NaN', async () => {
    const x = tf.tensor1d([1, 2]);
    await assertSame('same', [1, [2]], x);
    await assert.rejects(assertSame('sum', [1, 2.1], x), /sum: the results differ by 0.05/);
    await assert.rejects(assertSame('sum', [1], x), /sum: 1 numbers against 2/);
    await assert.rejects(assertSame('sum', [1, NaN], x), /sum: the results differ by NaN/);
  });

  it('budgetName takes quick and full, and refuses others', () => {
    const before = process.env.MMP_BUDGET;
    try {
      delete process.env.MMP_BUDGET;
      assert.equal(budgetName(), 'quick');
      process.env.MMP_BUDGET = 'full';
      assert.equal(budgetName(), 'full');
      process.env.MMP_BUDGET = 'fast';
      assert.throws(() => budgetName(), /MMP_BUDGET must be quick or full, got "fast"/);
    } finally {
      if (before === undefined) delete process.env.MMP_BUDGET;
      else process.env.MMP_BUDGET = before;
    }
  });

  it('duration speaks in seconds, minutes, hours and days', () => {
    assert.equal(duration(7.4), '7 s');
    assert.equal(duration(125), '2 min 05 s');
    assert.equal(duration(3599.4), '59 min 59 s');
    assert.equal(duration(3599.6), '1 h 00 min');
    assert.equal(duration(47 * 3600 + 59 * 60), '47 h 59 min');
    assert.equal(duration(84 * 3600), '4 days');
  });
});
