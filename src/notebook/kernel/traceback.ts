/** Errors as Jupyter wants them: a name, a message, and a traceback in lines of cells and files. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspect, isDeepStrictEqual } from 'node:util';
import { projectRoot } from '../../files/paths.js';
import { CompileError, Interrupted } from './cell.js';
import { awaitSitesOf } from './interrupts.js';
import type { Scripts, SourcePlace } from './sourceMaps.js';

/** The content of an `error` message; replies carry the same. */
export interface ErrorContent {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** A stack frame: where, and in which function. */
interface Frame {
  readonly place: string;
  readonly function: string;
  readonly source?: SourcePlace;
}

/** What of a call chain no reader wants to see. */
const ours = [
  path.join(projectRoot, 'dist', 'src', 'notebook', 'kernel'),
  path.join(projectRoot, 'src', 'notebook', 'kernel'),
  `${path.sep}node_modules${path.sep}tslab${path.sep}`,
  'node:',
];

/** Colours of the terminal, which front ends show too. */
const red = (text: string) => `\u001b[31m${text}\u001b[39m`;
const cyan = (text: string) => `\u001b[36m${text}\u001b[39m`;
const bold = (text: string) => `\u001b[1m${text}\u001b[22m`;

/** Lines of source shown before and after the one where it happened. */
const linesAround = 2;

/** What was thrown, told to the reader of the notebook. */
export function errorContent(thrown: unknown, scripts: Scripts): ErrorContent {
  if (thrown instanceof CompileError) return compileErrorContent(thrown);
  const ename = nameOf(thrown);
  const evalue = thrown instanceof Error ? thrown.message : inspect(thrown);
  return { ename, evalue, traceback: tracebackOf(thrown, ename, evalue, scripts) };
}

function nameOf(thrown: unknown): string {
  return thrown instanceof Error
    ? thrown.name || thrown.constructor.name
    : `thrown ${thrown === null ? 'null' : typeof thrown}`;
}

function tracebackOf(thrown: unknown, ename: string, evalue: string, scripts: Scripts): string[] {
  const heading = `${red(ename)}: ${evalue}`;
  // Where the code was when it was interrupted is not known; the error is made elsewhere.
  if (thrown instanceof Interrupted) return [heading];
  const frames = framesOf(thrown, scripts);
  const lines = [heading, ...frames.flatMap((frame) => frameLines(frame))];
  if (!(thrown instanceof Error)) return lines;
  const parts = thrown instanceof AggregateError ? (thrown.errors as unknown[]) : [];
  const causes = thrown.cause === undefined ? parts : [thrown.cause, ...parts];
  const further = causes.flatMap((cause) => {
    const { traceback } = errorContent(cause, scripts);
    return ['', `caused by ${traceback[0]}`, ...traceback.slice(1)];
  });
  return [...lines, ...further];
}

/** The frames of the stack, then the cells' awaits that the error has passed through. */
function framesOf(thrown: unknown, scripts: Scripts): Frame[] {
  const stack = thrown instanceof Error ? String(thrown.stack) : '';
  const frames = stack.split('\n').flatMap((line) => frameOf(line, scripts) ?? []);
  const seen = new Set(frames.map(({ place }) => place));
  for (const { script, site } of awaitSitesOf(thrown)) {
    const source = scripts.ofSite(script, site);
    if (source && !seen.has(placeOf(source))) {
      frames.push({ place: placeOf(source), function: '', source });
    }
  }
  return frames;
}

const frameLine = /^\s+at (?:async )?(?:(.+?) \()?([^()]+?):(\d+):(\d+)\)?$/;

function frameOf(line: string, scripts: Scripts): Frame | undefined {
  const [, name = '', url = '', row, column] = frameLine.exec(line) ?? [];
  if (url === '') return undefined;
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  const source = scripts.ofFrame(file, Number(row), Number(column));
  if (source) return { place: placeOf(source), function: name, source };
  if (scripts.get(file) || ours.some((part) => file.startsWith(part) || file.includes(part))) {
    return undefined;
  }
  const shown = file.startsWith(projectRoot) ? path.relative(projectRoot, file) : file;
  return { place: `${shown}, line ${row}`, function: name };
}

function placeOf({ script, line }: SourcePlace): string {
  return `${script.label}, line ${line}`;
}

function frameLines({ place, function: name, source }: Frame): string[] {
  const where = cyan(place) + (name === '' ? '' : `, in ${name}`);
  if (!source) return [`  ${where}`];
  return ['', where, ...excerpt(source.script.lines, source.line, source.column)];
}

/** A line with those around it, and a mark under the column; line and column from 1. */
function excerpt(lines: readonly string[], line: number, column: number): string[] {
  const first = Math.max(1, line - linesAround);
  const last = Math.min(lines.length, line + linesAround);
  const width = String(last).length;
  return lines.slice(first - 1, last).flatMap((text, index) => {
    const number = String(first + index).padStart(width);
    if (first + index !== line) return [`    ${number} | ${text}`];
    const mark = `${' '.repeat(4 + width)} | ${' '.repeat(column - 1)}^`;
    return [bold(`  → ${number} | ${text}`), red(mark)];
  });
}

function compileErrorContent({ name, message, diagnostics, code }: CompileError): ErrorContent {
  const lines = diagnostics.flatMap((diagnostic, index) => {
    const { start, messageText, code: number, fileName, lines: source } = diagnostic;
    const text = `${messageText} (TS${number})`;
    // What explains a message stands under it, at the same place.
    const { start: before, fileName: file } = diagnostics[index - 1] ?? {};
    if (file === fileName && isDeepStrictEqual(start, before)) return [`  ${text}`];
    const where = cyan(`${fileName ?? 'the cell'}, line ${start.line + 1}`);
    const shown = excerpt(source ?? code.split('\n'), start.line + 1, start.character + 1);
    return ['', `${where}: ${text}`, ...shown];
  });
  return { ename: name, evalue: message, traceback: [`${red(name)}: ${message}`, ...lines] };
}
