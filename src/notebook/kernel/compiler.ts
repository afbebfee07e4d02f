/**
 * Cells compiled by tslab's converter, with three things added: places can be mapped back to the source,
 * the code can be interrupted, and what imports a changed file is loaded anew with it.
 */
import { readFileSync } from 'node:fs';
import type { SourceMapPayload } from 'node:module';
import path from 'node:path';
import type * as Typescript from 'typescript';
import type { LocatedDiagnostic } from './cell.js';
import { FileWatch } from './fileWatch.js';
import { interruptible, type Place } from './instrument.js';
import { isLibrary, Library } from './library.js';
import { Scripts } from './sourceMaps.js';
import {
  loadTslab,
  type Converted,
  type Converter,
  type Diagnostic,
  type SideOutput,
  type Tslab,
} from './tslab.js';

/** The cell that is compiled next. */
export interface CellSource {
  /** How its code is called in stack traces */
  readonly name: string;
  /** What a reader calls it */
  readonly label: string;
  readonly code: string;
}

const inlineMap = /\n\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/;
const mapComment = /\n\/\/# sourceMappingURL=\S+\s*$/;

/** tslab puts one line before each cell. */
const linesBeforeCell = 1;

export class Compiler {
  readonly scripts = new Scripts();
  readonly tslab: Tslab;
  private readonly watch = new FileWatch();
  private readonly library = new Library();
  /** All imported files as they were compiled last, by path */
  private readonly compiled = new Map<string, string>();
  private cell: CellSource = { name: '', label: '', code: '' };

  /**
   * @param root imports end here
   * @param folder what relative imports start from
   * @param fallback where packages are looked for that `folder` does not have
   */
  constructor(
    private readonly root: string,
    private readonly folder: string,
    fallback: string,
  ) {
    const transpile = this.transpile.bind(this);
    this.tslab = loadTslab({ root, folder, fallback, transpile }, this.watch);
  }

  /**
   * tslab's converter.
   *
   * @param onDiagnostics told what is wrong with a cell or with a file that it imports
   */
  converter(onDiagnostics: (diagnostics: readonly LocatedDiagnostic[]) => void): Converter {
    const converter = this.tslab.createConverter({ isJS: false, isBrowser: false });
    const tell = (diagnostics: readonly Diagnostic[]) => {
      if (diagnostics.length > 0) onDiagnostics(this.located(diagnostics));
    };
    // tslab forgets the names of a cell that failed or was interrupted; what it had computed is still there.
    let declared = '';
    return {
      ...converter,
      inspect: (_previous, source, position) => converter.inspect(declared, source, position),
      complete: (_previous, source, position) => converter.complete(declared, source, position),
      convert: (_previous, source) => {
        if (this.importsLibrary(source)) this.library.refresh(source);
        this.watch.check();
        const converted = converter.convert(declared, source);
        tell(converted.diagnostics);
        if (converted.diagnostics.length === 0) declared = converted.declOutput ?? '';
        const hasToplevelAwait =
          converted.hasToplevelAwait === true || loopsOverAwaited(this.tslab.ts, source);
        return { ...converted, hasToplevelAwait, ...this.withDependents(converted) };
      },
      addModule: (name, source, metadata) => {
        const diagnostics = converter.addModule(name, source, metadata);
        tell(diagnostics);
        return diagnostics;
      },
    };
  }

  /** Says which cell is compiled next. */
  begin(cell: CellSource): void {
    this.cell = cell;
  }

  private importsLibrary(code: string): boolean {
    const { importedFiles } = this.tslab.ts.preProcessFile(code);
    return importedFiles.some(({ fileName: name }) =>
      isLibrary(name.startsWith('.') ? path.resolve(this.folder, name) : name),
    );
  }

  private located(diagnostics: readonly Diagnostic[]): LocatedDiagnostic[] {
    return diagnostics.map(({ fileName, ...rest }) =>
      fileName === undefined
        ? rest
        : { ...rest, fileName, lines: linesOf(path.join(this.root, fileName)) },
    );
  }

  /** From what tslab emits to CommonJS that can be interrupted. */
  private transpile(
    javascript: string,
    options: Typescript.TranspileOptions,
  ): Typescript.TranspileOutput {
    const { ts } = this.tslab;
    const first = mapIn(javascript);
    const file = path.join(this.root, first.sources[0] ?? '');
    const isCell = file === path.join(this.root, '__tslab__.ts');
    const name = isCell ? this.cell.name : file.replace(/\.tsx?$/, '.js');

    const sites: Place[] = [];
    const result = ts.transpileModule(javascript.replace(inlineMap, ''), {
      ...options,
      compilerOptions: { ...options.compilerOptions, sourceMap: true },
      transformers: { before: [interruptible(ts, name, (place) => sites.push(place) - 1)] },
    });
    const outputText = result.outputText.replace(mapComment, '');
    this.scripts.add({
      name,
      label: isCell ? this.cell.label : path.relative(this.root, file),
      lines: isCell ? this.cell.code.split('\n') : linesOf(file),
      maps: [JSON.parse(result.sourceMapText!) as SourceMapPayload, first],
      linesBefore: isCell ? linesBeforeCell : 0,
      compiledLines: outputText.split('\n').length,
      sites,
    });
    return { ...result, outputText: `${outputText}\n//# sourceURL=${name}` };
  }

  /**
   * tslab loads a file anew when it has changed, but not what imports it; that would go on with the old one.
   */
  private withDependents({ sideOutputs }: Converted): { sideOutputs?: readonly SideOutput[] } {
    if (!sideOutputs) return {};
    for (const { path: file, data } of sideOutputs) this.compiled.set(file, data);
    const changed = new Set(sideOutputs.map(({ path: file }) => file));
    for (let before = -1; before !== changed.size;) {
      before = changed.size;
      for (const [file, data] of this.compiled) {
        if (importsOf(file, data).some((imported) => changed.has(imported))) changed.add(file);
      }
    }
    return {
      sideOutputs: [...changed].map((file) => ({ path: file, data: this.compiled.get(file)! })),
    };
  }
}

/** Whether a cell has `for await` outside of functions, which tslab does not take for an await. */
function loopsOverAwaited(ts: typeof Typescript, code: string): boolean {
  const search = (node: Typescript.Node): boolean => {
    if (ts.isFunctionLike(node) || ts.isClassLike(node)) return false;
    if (ts.isForOfStatement(node) && node.awaitModifier) return true;
    return ts.forEachChild(node, search) ?? false;
  };
  return search(ts.createSourceFile('cell.ts', code, ts.ScriptTarget.Latest));
}

function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n');
}

function mapIn(javascript: string): SourceMapPayload {
  const encoded = inlineMap.exec(javascript)?.[1];
  if (encoded === undefined) throw new Error('tslab emitted a file without its source map');
  return JSON.parse(Buffer.from(encoded, 'base64').toString()) as SourceMapPayload;
}

/** The files beside it that a compiled file loads. */
function importsOf(file: string, javascript: string): string[] {
  return [...javascript.matchAll(/\brequire\("(\.[^"]+)"\)/g)].map(([, name]) =>
    path.posix.join(path.posix.dirname(file), /\.\w+$/.test(name!) ? name! : `${name}.js`),
  );
}
