import assert from 'node:assert/strict';
import { DataFrame, Series } from 'danfojs-node';
import { table } from '../../src/notebook/table.js';
import { standInKernel, written } from '../support/kernel.js';

describe('table', () => {
  const kernel = standInKernel();
  const html = () => kernel.sent.at(-1)!.data['text/html'] as string;
  const rowsOfHtml = () =>
    [...html().matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
      [...row!.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell]) => cell),
    );

  it('of rows sends HTML and aligned text', () => {
    table(['name', 'n'], [['a', 1], ['bcde', 20]]); // prettier-ignore
    const { data } = kernel.sent[0]!;
    assert.equal(
      data['text/html'],
      '<table><thead><tr><th>name</th><th>n</th></tr></thead>' +
        '<tbody><tr><td>a</td><td style="text-align:right">1</td></tr>' +
        '<tr><td>bcde</td><td style="text-align:right">20</td></tr></tbody></table>',
    );
    assert.deepEqual(data['text/plain'].split('\n'), [
      '┌──────┬────┐',
      '│ name │  n │',
      '│ a    │  1 │',
      '│ bcde │ 20 │',
      '└──────┴────┘',
    ]);
  });

  it('of a frame is that of its columns and rows', () => {
    table(['name', 'n'], [['a', 1], ['b', 2.5]]); // prettier-ignore
    const expected = kernel.sent.at(-1)!.data;
    table(new DataFrame([{ name: 'a', n: 1 }, { name: 'b', n: 2.5 }])); // prettier-ignore
    assert.deepEqual(kernel.sent.at(-1)!.data, expected);
    // An index of numbers says nothing that a reader looks for.
    table(new DataFrame([['b', 2.5], ['a', 1]], { columns: ['name', 'n'] }).sortValues('n')); // prettier-ignore
    assert.deepEqual(kernel.sent.at(-1)!.data, expected);
  });

  it('of a series has one column, and names where the index has them', () => {
    table(new Series([1, 2]));
    assert.deepEqual(rowsOfHtml(), [['0'], ['1'], ['2']]);
    table(new Series([1, 2], { index: ['mean', 'deviation'], columns: ['loss'] }));
    assert.deepEqual(rowsOfHtml(), [['', 'loss'], ['mean', '1'], ['deviation', '2']]); // prettier-ignore
  });

  it('shows what is neither text nor number as JavaScript writes it', () => {
    table(new DataFrame([[true, 'x', NaN]], { columns: ['flag', 'text', 'number'] }));
    assert.deepEqual(rowsOfHtml().at(-1), ['true', 'x', 'NaN']);
  });

  it('of a long frame has its head and its tail, and says what it leaves out', () => {
    const frameOf = (rows: number) =>
      new DataFrame(Array.from({ length: rows }, (_, row) => ({ row, square: row ** 2 })));
    table(frameOf(30));
    assert.equal(rowsOfHtml().length, 1 + 30);
    assert.doesNotMatch(html(), /left out/);

    table(frameOf(1865));
    const rows = rowsOfHtml().slice(1);
    const numbers = (from: number) => Array.from({ length: 10 }, (_, i) => `${from + i}`);
    assert.deepEqual(
      rows.map(([row]) => row),
      [...numbers(0), '…', ...numbers(1855)],
    );
    assert.match(html(), /<p>1845 of 1865 rows are left out<\/p>$/);
    assert.match(kernel.texts().at(-1)!, /\n1845 of 1865 rows are left out$/);
    assert.equal(kernel.texts().at(-1)!.split('\n').length, 4 - 1 + 21 + 1);
  });

  it('of long rows is whole: somebody chose them', () => {
    const rows = Array.from({ length: 100 }, (_, row) => [row]);
    table(['row'], rows);
    assert.equal(rowsOfHtml().length, 101);
  });

  const refusals: [string, () => void, string][] = [
    [
      'a row that is too long',
      () => {
        table(['a', 'b'], [[1, 2], [1, 2, 3]]); // prettier-ignore
      },
      'table: row 2 has 3 cells, expected 2 as in the header (a, b)',
    ],
    [
      'a row that is too short',
      () => {
        table(['a', 'b'], [[], [1, 2]]);
      },
      'table: row 1 has 0 cells, expected 2 as in the header (a, b)',
    ],
    [
      'a ragged row that would not be shown',
      () => {
        const values: number[][] = Array.from({ length: 50 }, () => [1]);
        values[24] = [1, 2];
        table({ ndim: 2, columns: ['a'], index: values.map((_, row) => row), values });
      },
      'table: row 25 has 2 cells, expected 1 as in the header (a)',
    ],
    [
      'an index of another length',
      () => {
        table({ ndim: 1, columns: ['a'], index: [0, 1], values: [1, 2, 3] });
      },
      'table: the frame has 3 rows, expected 2 as in its index',
    ],
    [
      'what is no frame',
      () => {
        table({ a: [1, 2] } as never);
      },
      'table: expected a header and rows, or a danfo DataFrame or Series',
    ],
  ];
  for (const [name, refused, message] of refusals) {
    it(`refuses ${name}, and shows nothing`, () => {
      assert.throws(refused, { message });
      assert.deepEqual(kernel.sent, []);
    });
  }
});

describe('table outside of a kernel', () => {
  it('writes the aligned text', async () => {
    const lines = await written(() => {
      table(['a'], [[1]]);
    });
    assert.deepEqual(lines, ['┌───┐\n│ a │\n│ 1 │\n└───┘']);
  });
});
