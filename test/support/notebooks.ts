/** Small notebooks made for a test. */
import type { Notebook } from '../../src/notebook/format.js';

/** A notebook with these code cells. */
export function notebookOf(...cells: string[]): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: 'tslab', language: 'typescript' } },
    cells: cells.map((source, index) => ({
      cell_type: 'code',
      id: `cell-${index + 1}`,
      metadata: {},
      source,
      execution_count: null,
      outputs: [],
    })),
  };
}
