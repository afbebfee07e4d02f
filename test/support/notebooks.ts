/** Small notebooks made for a test. */
import { ownKernel, type Notebook } from '../../src/notebook/format.js';

/** A cell with tags, as nbclient and JupyterLab know them. */
export interface TaggedCell {
  readonly source: string;
  readonly tags: readonly string[];
}

/** A notebook of our kernel with these code cells. */
export function notebookOf(...cells: (string | TaggedCell)[]): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { ...ownKernel } },
    cells: cells.map((cell, index) => ({
      cell_type: 'code',
      id: `cell-${index + 1}`,
      metadata: typeof cell === 'string' ? {} : { tags: cell.tags },
      source: typeof cell === 'string' ? cell : cell.source,
      execution_count: null,
      outputs: [],
    })),
  };
}

/** A cell that must fail. */
export const raising = (source: string): TaggedCell => ({ source, tags: ['raises-exception'] });

/** The same notebook for another kernel. */
export function withKernel(name: string, notebook: Notebook): Notebook {
  const kernelspec = { name, display_name: name, language: 'typescript' } as const;
  return { ...notebook, metadata: { kernelspec } };
}
