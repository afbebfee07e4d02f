/** Formulas that KaTeX cannot set. */
import katex from 'katex';
import { tokensOf } from './markdown.js';
import { cellsOf, type LintedNotebook, type Violation } from './rule.js';

export function* formulas({ notebook }: LintedNotebook): Generator<Violation> {
  for (const { cell, source } of cellsOf(notebook, 'markdown')) {
    for (const { token, line } of tokensOf(source)) {
      if (!token.type.startsWith('math_')) continue;
      try {
        // Whatever can be set inside a line can also be set by itself.
        katex.renderToString(token.content, { displayMode: true });
      } catch (error) {
        yield { cell, line, message: `the formula cannot be set: ${(error as Error).message}` };
      }
    }
  }
}
