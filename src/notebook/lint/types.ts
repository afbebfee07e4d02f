/** The types of the code, by the TypeScript compiler. */
import ts from 'typescript';
import type { Compilation } from './compilation.js';
import { cellsOf, matchesIn, type Rule } from './rule.js';

export const types = (compilation: Compilation): Rule =>
  function* (linted) {
    for (const { cell, source } of cellsOf(linted.notebook, 'code')) {
      for (const { match, line } of matchesIn(source, /@ts-[a-z-]+/g)) {
        yield { cell, line, message: `"${match[0]}" silences the compiler` };
      }
    }
    const module = compilation.moduleOf(linted);
    if (!module) return;
    for (const { start, messageText } of compilation.program.getSemanticDiagnostics(module)) {
      const message = ts.flattenDiagnosticMessageText(messageText, '\n  ');
      yield { ...compilation.placeOf(module, start!), message };
    }
  };
