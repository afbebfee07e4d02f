/** What the lint asks for and a program can do. */
import { readFileSync } from 'node:fs';
import { notebookText, ownKernel, parseNotebook, writeNotebook } from '../format.js';
import { formatted } from './formatting.js';

/**
 * Takes outputs, counts and the state of widgets out of a notebook, formats its code, and names the kernel.
 * What cannot be read stays as it is, a file or a cell: the lint names it.
 *
 * @throws Error naming the file when it cannot be written
 */
export async function fixNotebook(file: string): Promise<void> {
  let text, notebook;
  try {
    text = readFileSync(file, 'utf8');
    notebook = parseNotebook(text, file);
  } catch {
    return;
  }
  notebook.metadata.kernelspec = ownKernel;
  delete notebook.metadata.widgets;
  for (const cell of notebook.cells) {
    if (cell.cell_type !== 'code') continue;
    cell.outputs = [];
    cell.execution_count = null;
    cell.source = await formatted(cell.source).catch(() => cell.source);
  }
  if (notebookText(notebook) !== text) writeNotebook(file, notebook);
}
