/**
 * The code cells of each notebook as one strict TypeScript module, in order, which is what a reader who runs
 * them from top to bottom has. All notebooks share one program, so that the packages' types are read once.
 */
import path from 'node:path';
import ts from 'typescript';
import { projectRoot } from '../../files/paths.js';
import { syntax } from './cells.js';
import { hostOf } from './host.js';
import { cellsOf, type LintedNotebook } from './rule.js';

interface Place {
  readonly cell: number;
  readonly line: number;
}

export class Compilation {
  /** By the module's file name: where each of its lines stands in the notebook. */
  private readonly places = new Map<string, readonly Place[]>();
  readonly program: ts.Program;

  constructor(notebooks: readonly LintedNotebook[]) {
    const sources = new Map<string, string>();
    for (const linted of notebooks) {
      // What does not parse would garble the cells after it.
      if (!syntax(linted).next().done) continue;
      const { text, places } = moduleOf(linted);
      sources.set(nameOf(linted), text);
      this.places.set(nameOf(linted), places);
    }
    const options = compilerOptions();
    const host = hostOf(options, sources);
    this.program = ts.createProgram([...sources.keys()], options, host);
  }

  /** A notebook's module; undefined where a cell does not parse. */
  moduleOf(linted: LintedNotebook): ts.SourceFile | undefined {
    return this.program.getSourceFile(nameOf(linted));
  }

  /** Where a position of a module stands in its notebook. */
  placeOf(module: ts.SourceFile, position: number): Place {
    return this.places.get(module.fileName)![module.getLineAndCharacterOfPosition(position).line]!;
  }
}

/** Beside the notebook, so that what it imports is looked for where the kernel does. */
function nameOf({ file }: LintedNotebook): string {
  return `${path.resolve(file).replaceAll(path.sep, '/')}.ts`;
}

function moduleOf({ notebook }: LintedNotebook): { text: string; places: Place[] } {
  const lines: string[] = [];
  const places: Place[] = [];
  for (const { cell, source } of cellsOf(notebook, 'code')) {
    // A cell that ends without a semicolon ends all the same.
    for (const [index, line] of [...source.split('\n'), ';'].entries()) {
      lines.push(line);
      places.push({ cell, line: index + 1 });
    }
  }
  return { text: lines.join('\n'), places };
}

/**
 * Those of the project, but for two things: `noUncheckedIndexedAccess` is off, because it would put a `!`
 * behind every index of a toy example, and so are the checks for what is not used, because a cell may offer
 * something for the reader to use. Packages are resolved as tslab does it; the only globals are those of Node.
 */
function compilerOptions(): ts.CompilerOptions {
  const file = path.join(projectRoot, 'tsconfig.json');
  const { config } = ts.readConfigFile(file, (name) => ts.sys.readFile(name)) as {
    config: { compilerOptions: object };
  };
  const { options } = ts.convertCompilerOptionsFromJson(
    {
      ...config.compilerOptions,
      noUncheckedIndexedAccess: false,
      noUnusedLocals: false,
      noUnusedParameters: false,
      noEmit: true,
      module: 'esnext',
      moduleResolution: 'node10',
      moduleDetection: 'force',
      types: ['node'],
    },
    projectRoot,
    file,
  );
  return options;
}
