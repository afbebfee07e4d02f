/** What becomes of a cell's outputs between the kernel and the notebook. */
import assert from 'node:assert/strict';
import { notebookText, parseNotebook } from '../../src/notebook/format.js';
import type { KernelOutput } from '../../src/notebook/kernelOutput.js';
import { CellOutputs, cutLine, outputLimit } from '../../src/notebook/outputs.js';
import { notebookOf } from '../support/notebooks.js';

const stream = (text: string, name = 'stdout'): KernelOutput => ({
  output: { output_type: 'stream', name, text },
  update: false,
});
const shown = (data: object, displayId?: string): KernelOutput => ({
  // As they arrive: as JSON.
  output: { output_type: 'display_data', data: JSON.parse(JSON.stringify(data)), metadata: {} },
  update: false,
  ...(displayId === undefined ? {} : { displayId }),
});
const failed: KernelOutput = {
  output: { output_type: 'error', ename: 'Error', evalue: 'x', traceback: ['x'] },
  update: false,
};
const collected = (...outputs: KernelOutput[]) => {
  const cell = new CellOutputs();
  for (const output of outputs) cell.add(output);
  return cell;
};
const texts = (cell: CellOutputs) => cell.list.map(({ text, data }) => text ?? data);

describe('CellOutputs', () => {
  it('joins what follows on the same stream, across which lines are written over', () => {
    const cell = collected(
      stream('1 %'),
      stream('\r2 %\n'),
      stream('oh', 'stderr'),
      stream('3'),
      shown({ 'text/plain': 'd' }),
      stream('4'),
    );
    assert.deepEqual(texts(cell), ['2 %\n', 'oh', '3', { 'text/plain': 'd' }, '4']);
  });

  it('exchanges every display of an id, and nothing else', () => {
    const cell = collected(
      shown({ 'text/plain': 'a' }, 'id'),
      shown({ 'text/plain': 'b' }),
      shown({ 'text/plain': 'c' }, 'id'),
    );
    cell.update({ ...shown({ 'text/plain': 'new' }, 'id'), update: true });
    cell.update({ ...shown({ 'text/plain': 'lost' }, 'other'), update: true });
    assert.deepEqual(
      texts(cell).map((data) => (data as Record<string, unknown>)['text/plain']),
      ['new', 'b', 'new'],
    );
  });

  const bytes = [137, 80, 78, 71, 0, 255];
  const stored: [string, object, object][] = [
    ['a Buffer as base64', { 'image/png': Buffer.from(bytes) }, { 'image/png': 'iVBORwD/' }],
    [
      'an Uint8Array as base64',
      { 'image/png': Uint8Array.from(bytes) },
      { 'image/png': 'iVBORwD/' },
    ],
    ['bytes of text as text', { 'text/html': Buffer.from('<b>é') }, { 'text/html': '<b>é' }],
    [
      'bytes that are no text with replacement characters',
      { 'image/svg+xml': Buffer.from([60, 255]) },
      { 'image/svg+xml': '<\ufffd' },
    ],
    ['JSON as it is', { 'application/x+json': { 0: 1 } }, { 'application/x+json': { 0: 1 } }],
    ['base64 as it is', { 'image/png': 'iVBO' }, { 'image/png': 'iVBO' }],
    ['a number where text belongs as text', { 'text/plain': 5 }, { 'text/plain': '5' }],
  ];
  for (const [name, data, expected] of stored) {
    it(`stores ${name}`, () => {
      assert.deepEqual(texts(collected(shown(data))), [expected]);
    });
  }

  it('stores NULs and halves of characters so that every reader of JSON and UTF-8 can read them', () => {
    const notebook = notebookOf('1');
    Object.assign(notebook.cells[0]!, { outputs: collected(stream('a\u0000b\ud800c😀')).list });
    const file = Buffer.from(notebookText(notebook));
    const [cell] = parseNotebook(
      new TextDecoder('utf-8', { fatal: true }).decode(file),
      'it',
    ).cells;
    assert.match(JSON.stringify(cell), /a\\u0000b\ufffdc😀/);
    assert.doesNotMatch(file.toString(), /\\ud800/);
  });

  it('cuts a stream at the limit, says so, and keeps the error after it', async () => {
    const cell = collected(stream('x'.repeat(outputLimit - 5)), stream('123456789'));
    await cell.tooMuch;
    cell.add(stream('more'));
    cell.add(shown({ 'text/plain': 'more' }));
    cell.add(failed);
    const [kept, line, error, ...others] = cell.list;
    assert.equal(String(kept!.text).length, outputLimit);
    assert.equal(String(kept!.text).slice(-6), 'x12345');
    assert.deepEqual(line, { output_type: 'stream', name: 'stderr', text: cutLine });
    assert.deepEqual([error, others], [failed.output, []]);
  });

  it('leaves out a display beyond the limit, also when it is an update', async () => {
    const large = { 'text/plain': 'x'.repeat(outputLimit) };
    const one = collected(shown({ 'text/plain': 'small' }), shown(large));
    await one.tooMuch;
    assert.deepEqual(texts(one), [{ 'text/plain': 'small' }, cutLine]);
    const two = collected(shown({ 'text/plain': 'small' }, 'id'));
    two.update({ ...shown(large, 'id'), update: true });
    await two.tooMuch;
    assert.deepEqual(texts(two), [{ 'text/plain': 'small' }, cutLine]);
  });

  it('counts what is kept: a line written over and over is short', () => {
    const cell = collected();
    const line = `\r${'x'.repeat(100_000)}`;
    for (let i = 0; i < 210; i++) cell.add(stream(line));
    assert.equal(String(cell.list[0]!.text).length, 100_000);
  });
});
