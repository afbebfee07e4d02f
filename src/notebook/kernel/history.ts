/** What was executed, for front ends that let the reader page through it. */
import type { Content } from '../wire.js';

/** A cell that was executed. */
interface Entry {
  /** The execution count */
  readonly line: number;
  readonly source: string;
  /** The value of the last expression as text */
  result: string | null;
}

/** This kernel remembers one session, its own. */
const session = 0;

export class History {
  private readonly entries: Entry[] = [];

  add(line: number, source: string): void {
    this.entries.push({ line, source, result: null });
  }

  /** Notes the result of the cell that was added last. */
  addResult(text: string): void {
    this.entries.at(-1)!.result = text;
  }

  /** The content of a history_reply. */
  answer(request: Content): Content {
    const history = this.chosen(request).map(({ line, source, result }) => [
      session,
      line,
      request.output === true ? [source, result] : source,
    ]);
    return { status: 'ok', history };
  }

  private chosen({ hist_access_type: kind, n, start, stop, pattern, unique }: Content): Entry[] {
    if (kind === 'range') {
      const [from, until] = [Number(start ?? 0), Number(stop ?? Infinity)];
      return this.entries.filter(({ line }) => line >= from && line < until);
    }
    const wanted = matcher(kind === 'search' && typeof pattern === 'string' ? pattern : '*');
    const found = this.entries.filter(({ source }) => wanted.test(source));
    const entries = unique === true ? latestOfEach(found) : found;
    return typeof n === 'number' && n > 0 ? entries.slice(-n) : entries;
  }
}

/** Of entries with the same source, the last. */
function latestOfEach(entries: readonly Entry[]): Entry[] {
  const latest = new Map(entries.map((entry) => [entry.source, entry]));
  return entries.filter((entry) => latest.get(entry.source) === entry);
}

/** The protocol searches with * and ?, as file names are searched for. */
function matcher(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
