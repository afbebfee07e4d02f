/**
 * tslab's own modules, as installed, with the compiler set the way this kernel wants it: strict, with source
 * maps, importing from the notebook's folder, and told of changed files by us.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as Typescript from 'typescript';
import type { Content } from '../wire.js';
import type { FileWatch } from './fileWatch.js';
import { compiledPath } from './library.js';

/** What tslab's converter makes of a cell. */
export interface Converted {
  readonly diagnostics: readonly Diagnostic[];
  readonly output?: string;
  readonly declOutput?: string;
  readonly hasToplevelAwait?: boolean;
  readonly lastExpressionVar?: string;
  /** Imported TypeScript files, compiled, by their future path */
  readonly sideOutputs?: readonly SideOutput[];
}

export interface SideOutput {
  readonly path: string;
  readonly data: string;
}

export interface Diagnostic {
  /** From 0 */
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
  readonly messageText: string;
  readonly code: number;
  /** Absent for the cell itself */
  readonly fileName?: string;
}

export interface Converter {
  convert(previous: string, source: string): Converted;
  addModule(name: string, source: string, metadata: object): readonly Diagnostic[];
  inspect(previous: string, source: string, position: number): unknown;
  complete(previous: string, source: string, position: number): unknown;
  close(): void;
}

export interface Executor {
  /** @returns whether it succeeded; errors and the last value go to the console that it was made with */
  execute(source: string): Promise<boolean>;
  interrupt(): void;
  close(): void;
}

/** What tslab's executor writes results and errors to. */
export interface ExecutorConsole {
  readonly log: (value: unknown) => void;
  readonly error: (...values: unknown[]) => void;
}

export interface Tslab {
  readonly ts: typeof Typescript;
  createConverter(options: { isJS: boolean; isBrowser: boolean }): Converter;
  createExecutor(
    root: string,
    converters: { node: Converter; browser: Converter; close(): void },
    console: ExecutorConsole,
  ): Executor;
  /** Answers to complete_request, inspect_request and is_complete_request */
  createHandler(
    executor: Executor,
  ): Readonly<
    Record<'handleComplete' | 'handleInspect' | 'handleIsComplete', (request: Content) => Content>
  >;
  cellMetadata(source: string): { readonly module?: string; readonly mode?: string };
  /** Where the display functions of `tslab`, and ours, send bundles to. */
  setDisplayWriter(write: (content: Content, update: boolean) => void): void;
}

export interface CompilerSettings {
  /** Imports end here; the cells are compiled as a file of this folder. */
  readonly root: string;
  /** The notebook's folder: what relative imports start from */
  readonly folder: string;
  /** Where packages are looked for that the notebook's own folder does not have */
  readonly fallback: string;
  /** Compiles one emitted file further, to CommonJS */
  readonly transpile: (
    javascript: string,
    options: Typescript.TranspileOptions,
  ) => Typescript.TranspileOutput;
}

/** The files that tslab compiles a cell as, below the root. */
const cellFiles = ['__tslab__.ts', '__prev__.d.ts'];

/** Loads tslab. It can be loaded once in a process, because its compiler is exchanged before. */
export function loadTslab(settings: CompilerSettings, watch: FileWatch): Tslab {
  const load = createRequire(createRequire(__filename).resolve('tslab/package.json'));
  const compiler = load.resolve('@tslab/typescript-for-tslab');
  const original = load(compiler) as typeof Typescript;
  load.cache[compiler]!.exports = adjusted(original, settings, watch);

  const converter = load('./dist/converter.js') as Pick<Tslab, 'createConverter'>;
  const executor = load('./dist/executor.js') as Pick<Tslab, 'createExecutor'>;
  const jupyter = load('./dist/jupyter.js') as {
    JupyterHandlerImpl: new (
      executor: Executor,
      isJs: boolean,
    ) => ReturnType<Tslab['createHandler']>;
    lastWriteDisplayData: unknown;
  };
  const metadata = load('./dist/metadata.js') as { getCodeMetadata: Tslab['cellMetadata'] };
  return {
    ts: original,
    createConverter: converter.createConverter,
    createExecutor: executor.createExecutor,
    createHandler: (made) => new jupyter.JupyterHandlerImpl(made, false),
    cellMetadata: metadata.getCodeMetadata,
    setDisplayWriter: (write) => {
      jupyter.lastWriteDisplayData = write;
    },
  };
}

/** A copy of the compiler's module in which some functions are ours. */
function adjusted(ts: typeof Typescript, settings: CompilerSettings, watch: FileWatch) {
  const sys = Object.assign(Object.create(ts.sys) as Typescript.System, {
    getCurrentDirectory: () => settings.root,
    watchFile: (file: string, callback: Typescript.FileWatcherCallback) => {
      watch.add(file, (exists) => {
        const { Changed, Deleted } = ts.FileWatcherEventKind;
        callback(file, exists ? Changed : Deleted);
      });
      return {
        close: () => {
          watch.remove(file);
        },
      };
    },
  });
  const createWatchCompilerHost = (
    rootFiles: string[],
    options: Typescript.CompilerOptions,
    ...others: [Typescript.System]
  ) => {
    const host = ts.createWatchCompilerHost(
      rootFiles,
      // With a root the maps name sources from our root on.
      { ...options, strict: true, inlineSourceMap: true, sourceRoot: '/' },
      ...others,
    );
    return resolving(ts, host, settings);
  };
  const { getPreEmitDiagnosticsOfFiles } = ts as unknown as TslabCompiler;
  return {
    ...ts,
    sys,
    createWatchCompilerHost,
    transpileModule: settings.transpile,
    getPreEmitDiagnosticsOfFiles: (
      ...parameters: Parameters<typeof getPreEmitDiagnosticsOfFiles>
    ) => withoutOwnExports(getPreEmitDiagnosticsOfFiles(...parameters)),
  };
}

/** A function that tslab's compiler has and TypeScript has not. */
interface TslabCompiler {
  readonly getPreEmitDiagnosticsOfFiles: (
    program: Typescript.BuilderProgram,
    files: readonly Typescript.SourceFile[],
  ) => readonly Typescript.Diagnostic[];
}

/** "Variable … implicitly has type …": where it is declared, and where it is used. */
const implicitly = { declared: 7034, used: 7005 };

/**
 * tslab exports every name of a cell in a line of its own. That use of `const rows = []`, whose type grows
 * with what the cell pushes, is none that the reader wrote.
 */
function withoutOwnExports(
  diagnostics: readonly Typescript.Diagnostic[],
): readonly Typescript.Diagnostic[] {
  const isOwn = ({ file, start, code }: Typescript.Diagnostic) =>
    code === implicitly.used &&
    file !== undefined &&
    cellFiles.includes(path.basename(file.fileName)) &&
    start! > file.text.lastIndexOf('\nexport {');
  const nameIn = ({ messageText }: Typescript.Diagnostic) =>
    /'([^']+)'/.exec(typeof messageText === 'string' ? messageText : '')?.[1];
  const others = diagnostics.filter((one) => !isOwn(one));
  const used = new Set(others.filter(({ code }) => code === implicitly.used).map(nameIn));
  return others.filter((one) => one.code !== implicitly.declared || used.has(nameIn(one)));
}

/** Lets cells import from the notebook's folder, and packages from where the workbook is installed. */
function resolving(
  ts: typeof Typescript,
  host: Typescript.WatchCompilerHostOfFilesAndCompilerOptions<Typescript.BuilderProgram>,
  { root, folder, fallback }: CompilerSettings,
) {
  const isCell = (file: string) => cellFiles.some((name) => file === path.posix.join(root, name));
  // What declarations import stays where it is; cells and the files beside them come and go.
  const isPackage = (file: string) => file.endsWith('.d.ts') && !isCell(file);
  const cache = ts.createModuleResolutionCache(root, (name) => name);
  /** Where an import of a cell may be meant from; the compiler itself writes paths from the root. */
  const origins = (name: string) => (name.startsWith('.') ? [folder, root] : [folder, fallback]);
  return Object.assign(host, {
    resolveModuleNameLiterals: (
      literals: readonly Typescript.StringLiteralLike[],
      file: string,
      _redirected: unknown,
      options: Typescript.CompilerOptions,
    ) =>
      literals.map(({ text }) => {
        const resolve = (name: string, from: string) =>
          ts.resolveModuleName(name, from, options, host, cache);
        if (!isCell(file)) return resolve(text, file);
        const name = compiledPath(path.resolve(folder, text)) ?? text;
        const tries = origins(text).map((origin) => resolve(name, path.join(origin, 'cell.ts')));
        const found = tries.find(({ resolvedModule }) => resolvedModule);
        // It may be there the next time.
        if (!found) cache.clear();
        return found ?? tries[0]!;
      }),
    hasInvalidatedResolutions: (file: string) => !isPackage(file),
  });
}
