/** The layout of code cells, which is Prettier's. */
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { projectRoot } from '../../files/paths.js';
import { cellsOf, type LintedNotebook, type Violation } from './rule.js';

/** A cell in JupyterLab is narrower than an editor. */
const columns = 96;

export async function* formatting({ notebook }: LintedNotebook): AsyncGenerator<Violation> {
  for (const { cell, source } of cellsOf(notebook, 'code')) {
    let expected;
    try {
      expected = await formatted(source);
    } catch (error) {
      yield { cell, message: `Prettier cannot format it: ${(error as Error).message}` };
      continue;
    }
    if (source === expected) continue;
    const lines = expected.split('\n');
    const line = source.split('\n').findIndex((text, index) => text !== lines[index]) + 1;
    yield { cell, line, message: 'it is not formatted as Prettier would (--fix does it)' };
  }
}

/** @throws SyntaxError when the code does not parse */
export async function formatted(source: string): Promise<string> {
  const ofProject = await resolveConfig(path.join(projectRoot, 'package.json'));
  const text = await format(source, { ...ofProject, parser: 'typescript', printWidth: columns });
  return text.trimEnd();
}
