/** A small notebook of a stage with which the lint finds nothing wrong. */
import { ownKernel, type Notebook } from '../../src/notebook/format.js';

/** What its cells hold, from cell 1 on, Markdown and code in turn. */
const sources = [
  '# 2 Masking\n\n## Aim\n\nAs [before](other.ipynb#Toy-numbers), on [these data](../data.md#the-data-1).',
  "import { tf, openNotebook, assertSame, show, bars } from 'mmp';\nawait openNotebook();",
  '## Equation\n\nWith $a_i$ from Eq. 2–6 (**D9 How** and **D10 When**):\n\n$$A:\\to B$$\n\n## Toy numbers',
  'const counts = [1, 2, 3];\nconst halves = counts.map((count) => count / 2);',
  '## Code\n\n```md\n## In a fence\n```\n\nOn [the web](https://example.org/home/x).',
  'function twice(x: number): number {\n  return 2 * x; // Eq. 4, as D1 has it\n}',
  '## Check',
  "await assertSame('twice', halves.map(twice), tf.tensor1d(counts));",
  '## Plot',
  "await show(\n  bars([{ name: 'counts', values: counts }], { title: '#D55', labels: ['a'], valueTitle: 'n' }),\n);",
  '## What the paper leaves open\n\n## Exercise\n\n## Summary',
];

/** @param changed sources that are others, by cell number */
export function stageNotebook(changed: Readonly<Record<number, string>> = {}): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: ownKernel },
    cells: sources.map((original, index) => {
      const source = changed[index + 1] ?? original;
      const common = { id: `cell-${index + 1}`, metadata: {}, source };
      return index % 2 === 0
        ? { cell_type: 'markdown', ...common }
        : { cell_type: 'code', ...common, execution_count: null, outputs: [] };
    }),
  };
}
