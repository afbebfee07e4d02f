/** The imports: the library by its name, in the first code cell, and few other packages. */
import ts from 'typescript';
import { cellsOf, lineAt, type LintedNotebook, type Violation } from './rule.js';

const allowed = ['mmp', 'danfojs-node', 'ml-pca'];

export function* imports({ notebook }: LintedNotebook): Generator<Violation> {
  const code = cellsOf(notebook, 'code');
  const first = code[0];
  if (!first) {
    yield { message: 'it has no code cell' };
    return;
  }
  if (!packagesOf(first.source).some(({ fileName }) => fileName === 'mmp')) {
    yield { cell: first.cell, message: "the first code cell does not import from 'mmp'" };
  }
  if (!first.source.endsWith('\nawait openNotebook();')) {
    const message = 'the first code cell does not end with "await openNotebook();"';
    yield { cell: first.cell, message };
  }
  for (const { cell, source } of code) {
    for (const { fileName, pos } of packagesOf(source)) {
      if (allowed.includes(fileName)) continue;
      const message = `imports "${fileName}"; allowed are ${allowed.join(', ')}`;
      yield { cell, line: lineAt(source, pos), message };
    }
  }
}

/** What a cell imports in any form, `import(…)` and `require(…)` included. */
function packagesOf(source: string): ts.FileReference[] {
  return ts.preProcessFile(source, true, true).importedFiles;
}
