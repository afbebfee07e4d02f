/**
 * The library `mmp` as cells import it, from `dist`. When its sources have changed since, they are compiled
 * before the cell that imports them, and what depends on them is loaded anew: nobody restarts the kernel.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { projectRoot } from '../../files/paths.js';
import { CompileError, type LocatedDiagnostic } from './cell.js';

const load = createRequire(__filename);
const sources = path.join(projectRoot, 'src');
const compiled = path.join(projectRoot, 'dist', 'src');

/** What tensors that exist depend on; it cannot be loaded a second time beside them. */
const stateful = path.join(compiled, 'tensor') + path.sep;
/** What is running; it stays as it is. */
const kernel = __dirname + path.sep;

/** Where the compiled form of a source of the library lies; undefined for any other path. */
export function compiledPath(file: string): string | undefined {
  return file.startsWith(sources + path.sep)
    ? path.join(compiled, path.relative(sources, file))
    : undefined;
}

/** Whether an import of a cell, resolved where it is relative, is one of the library. */
export function isLibrary(name: string): boolean {
  return name === 'mmp' || compiledPath(name) !== undefined;
}

export class Library {
  private sourceTimes = timesOf(sources);
  private needsRestart: string | undefined;

  /**
   * Brings the library up to date.
   *
   * @param code of the cell that imports it, for errors
   * @throws CompileError where a source does not compile; the library is then as it was
   */
  refresh(code: string): void {
    const times = timesOf(sources);
    if (!isDeepStrictEqual(times, this.sourceTimes)) {
      const modules = loadedModules();
      const before = modules.map(({ filename }) => readFileSync(filename, 'utf8'));
      compile(code);
      this.sourceTimes = times;
      const changed = modules.filter(
        ({ filename }, index) => readFileSync(filename, 'utf8') !== before[index],
      );
      this.forget(changed, modules);
    }
    if (this.needsRestart !== undefined) {
      throw new Error(
        `src/${this.needsRestart} has changed, and the tensors of this kernel depend on it: restart the kernel`,
      );
    }
  }

  /** Forgets the loaded modules that have changed, and all that loaded them. */
  private forget([...changed]: NodeJS.Module[], modules: readonly NodeJS.Module[]): void {
    const [first] = changed;
    // The list grows while it is gone through.
    for (const module of changed) {
      changed.push(
        ...modules.filter((one) => one.children.includes(module) && !changed.includes(one)),
      );
    }
    if (first && changed.some(({ filename }) => filename.startsWith(stateful))) {
      this.needsRestart = path.relative(compiled, first.filename).replace(/js$/, 'ts');
    }
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- this is how Node forgets a module
    else for (const { filename } of changed) delete load.cache[filename];
  }
}

/** The modules of the library that cells may have imported; those of the kernel stay as they are. */
function loadedModules(): NodeJS.Module[] {
  return Object.values(load.cache).flatMap((module) =>
    module?.filename.startsWith(compiled) && !module.filename.startsWith(kernel) ? [module] : [],
  );
}

/** When each TypeScript file below a folder was written last. */
function timesOf(folder: string): Map<string, number> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.ts')).map((name) => path.join(folder, name));
  return new Map(files.map((file) => [file, statSync(file).mtimeMs]));
}

/** Compiles what has changed, or nothing: tsconfig.json says so. */
function compile(code: string): void {
  const tsc = load.resolve('typescript/bin/tsc');
  const parameters = ['--project', projectRoot, '--pretty', 'false'];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...parameters], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  if (status === 0) return;
  const diagnostics = stdout.split('\n').flatMap((line) => diagnosticOf(line) ?? []);
  if (diagnostics.length > 0) throw new CompileError(diagnostics, code);
  throw new Error(`the library could not be compiled: ${stdout}`);
}

/** A line such as `src/mmp/align.ts(12,5): error TS2322: Type …`. */
function diagnosticOf(line: string): LocatedDiagnostic | undefined {
  const [, fileName, row, column, code, messageText] =
    /^(.+)\((\d+),(\d+)\): error TS(\d+): (.+)$/.exec(line) ?? [];
  if (fileName === undefined || messageText === undefined) return undefined;
  const place = { line: Number(row) - 1, character: Number(column) - 1 };
  const lines = readFileSync(path.join(projectRoot, fileName), 'utf8').split('\n');
  return { start: place, end: place, messageText, code: Number(code), fileName, lines };
}
