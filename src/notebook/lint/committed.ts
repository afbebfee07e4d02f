/** What a committed notebook holds and what it leaves out, so that a difference is what somebody wrote. */
import { isDeepStrictEqual } from 'node:util';
import { notebookText, ownKernel } from '../format.js';
import type { LintedNotebook, Violation } from './rule.js';

/** In bytes. A notebook without outputs is far smaller. */
const largest = 2_000_000;

export function* committed({ text, notebook }: LintedNotebook): Generator<Violation> {
  const { kernelspec, widgets } = notebook.metadata;
  if (!isDeepStrictEqual(kernelspec, ownKernel)) {
    const [got, expected] = [kernelspec, ownKernel].map((kernel) => JSON.stringify(kernel));
    yield { message: `its kernelspec is ${got}, expected ${expected}` };
  }
  if (widgets !== undefined) yield { message: 'its metadata holds the state of widgets' };
  const bytes = Buffer.byteLength(text);
  if (bytes >= largest) {
    yield { message: `it has ${bytes} bytes, expected fewer than ${largest}` };
  }
  if (text !== notebookText(notebook)) {
    yield { message: 'the file is not laid out as Jupyter writes it' };
  }
  yield* results(notebook);
  yield* repeatedIds(notebook);
}

function* results({ cells }: LintedNotebook['notebook']): Generator<Violation> {
  for (const [index, cell] of cells.entries()) {
    if (cell.cell_type !== 'code') continue;
    const { outputs, execution_count: count } = cell;
    if (outputs.length > 0) yield { cell: index + 1, message: 'it has outputs' };
    if (count !== null) yield { cell: index + 1, message: `it has the execution count ${count}` };
  }
}

function* repeatedIds({ cells }: LintedNotebook['notebook']): Generator<Violation> {
  const first = new Map<string, number>();
  for (const [index, { id }] of cells.entries()) {
    const other = first.get(id);
    if (other === undefined) first.set(id, index + 1);
    else yield { cell: index + 1, message: `its id "${id}" is that of cell ${other}` };
  }
}
