/** Code cells as TypeScript modules, each by itself: whether they parse, and what they declare. */
import ts from 'typescript';
import { hostOf } from './host.js';
import { cellsOf, type LintedNotebook, type Violation } from './rule.js';

/** Every cell parses. */
export function* syntax({ notebook }: LintedNotebook): Generator<Violation> {
  for (const { cell, file, program } of parsedCells(notebook)) {
    for (const { start, messageText } of program.getSyntacticDiagnostics(file)) {
      const message = ts.flattenDiagnosticMessageText(messageText, ' ');
      yield { cell, line: lineOf(file, start), message };
    }
  }
}

/** Every top-level name belongs to one cell: with two, what it is depends on which ran last. */
export function* names({ notebook }: LintedNotebook): Generator<Violation> {
  const first = new Map<string, number>();
  for (const { cell, file, program } of parsedCells(notebook)) {
    const { Value, Type, Namespace, Alias } = ts.SymbolFlags;
    const inScope = program
      .getTypeChecker()
      .getSymbolsInScope(file, Value | Type | Namespace | Alias);
    for (const { name, declarations } of inScope) {
      const here = declarations?.find((declaration) => declaration.getSourceFile() === file);
      if (!here) continue;
      const other = first.get(name);
      if (other === undefined) first.set(name, cell);
      else {
        const message = `"${name}" is declared in cell ${other} already`;
        yield { cell, line: lineOf(file, here.getStart()), message };
      }
    }
  }
}

function lineOf(file: ts.SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line + 1;
}

interface ParsedCell {
  readonly cell: number;
  readonly file: ts.SourceFile;
  readonly program: ts.Program;
}

/** Parses the cells; nothing that they import is read. */
function parsedCells(notebook: LintedNotebook['notebook']): ParsedCell[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    moduleDetection: ts.ModuleDetectionKind.Force,
    noResolve: true,
    noLib: true,
    types: [],
  };
  const sources = new Map(
    cellsOf(notebook, 'code').map(({ cell, source }) => [`${cell}.ts`, source]),
  );
  const host = hostOf(options, sources);
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()].map((name) => ({
    cell: parseInt(name),
    file: program.getSourceFile(name)!,
    program,
  }));
}
