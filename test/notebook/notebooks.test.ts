/** What every committed notebook has and has not. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import { readNotebook } from '../../src/notebook/format.js';
import { renderMarkdown } from '../../src/site/markdown.js';

const folder = path.join(projectRoot, 'notebooks');
const files = readdirSync(folder).filter((name) => name.endsWith('.ipynb'));
const stageHeadings = [
  'Aim',
  'Equation',
  'Toy numbers',
  'Code',
  'Check',
  'Plot',
  'What the paper leaves open',
  'Exercise',
  'Summary',
];
/** Which decisions each stage notebook has to explain. */
const decisions: Record<string, string[]> = {
  '02': ['D9', 'D10'],
  '03': ['D7', 'D8'],
  '04': ['D7', 'D8'],
  '05': ['D1'],
  '06': ['D2', 'D3', 'D4'],
  '07': ['D5', 'D6'],
};

describe('the notebooks', () => {
  it('are 01 to 09', () => {
    const numbers = files.map((name) => name.slice(0, 2));
    assert.deepEqual(numbers, ['01', '02', '03', '04', '05', '06', '07', '08', '09']);
  });

  for (const file of files) {
    describe(file, () => {
      const { metadata, cells } = readNotebook(path.join(folder, file));
      const text = cells
        .filter(({ cell_type: type }) => type === 'markdown')
        .map(({ source }) => source);
      const code = cells.flatMap((cell) => (cell.cell_type === 'code' ? [cell] : []));

      it('is committed without outputs, for the tslab kernel', () => {
        assert.equal(metadata.kernelspec.name, 'tslab');
        for (const { outputs, execution_count: count } of code) {
          assert.deepEqual([outputs, count], [[], null]);
        }
      });

      it('has one cell id per cell', () => {
        assert.equal(new Set(cells.map(({ id }) => id)).size, cells.length);
      });

      it('opens with the backend and imports the library by its name', () => {
        assert.match(code[0]!.source, /from 'mmp';\n(.*\n)*await openNotebook\(\);$/);
        const imports = code.flatMap(({ source }) => [...source.matchAll(/from '([^']+)'/g)]);
        const allowed = new Set(['mmp', 'danfojs-node', 'ml-pca']);
        for (const [, name] of imports) assert.ok(allowed.has(name!), `import of ${name}`);
      });

      it('knows no place on a machine', () => {
        const paths = /(\/home\/|\/Users\/|\/work\/|\/tmp\/|[A-Z]:\\)/;
        for (const { source } of cells) assert.doesNotMatch(source, paths);
      });

      it('has links that lead somewhere and formulas that can be set', () => {
        for (const source of text) {
          renderMarkdown(source);
          for (const [, target] of source.matchAll(/\]\(([^)#]+)\)/g)) {
            if (/^https?:/.test(target!)) continue;
            assert.ok(existsSync(path.join(folder, target!)), `link to ${target}`);
          }
        }
      });

      const number = file.slice(0, 2);
      if (decisions[number]) {
        it('has the headings of a stage, in order, and explains its decisions', () => {
          const headings = text.flatMap((source) => [...source.matchAll(/^## (.+)$/gm)]);
          assert.deepEqual(
            headings.map(([, heading]) => heading),
            stageHeadings,
          );
          for (const tag of decisions[number]!)
            assert.match(text.join('\n'), new RegExp(`\\*\\*${tag} `));
          assert.ok(
            code.some(({ source }) => source.includes('assertSame(')),
            'no check against src',
          );
          assert.ok(
            code.some(({ source }) => source.includes('show(')),
            'no plot',
          );
        });
      }
    });
  }
});
