/** What was executed, for front ends that let the reader page through it. */
import type { Content } from '../wire.js';

/** Session, execution count, source; this kernel remembers one session, its own. */
type Entry = readonly [session: number, line: number, source: string];

export class History {
  private readonly entries: Entry[] = [];

  add(line: number, source: string): void {
    this.entries.push([0, line, source]);
  }

  /** The content of a history_reply. */
  answer({ hist_access_type: kind, n, start, stop, pattern }: Content): Content {
    const last = (entries: readonly Entry[]) =>
      typeof n === 'number' && n > 0 ? entries.slice(-n) : entries;
    if (kind === 'range') {
      const [from, until] = [Number(start ?? 0), Number(stop ?? Infinity)];
      return found(this.entries.filter(([, line]) => line >= from && line < until));
    }
    if (kind === 'search') {
      const wanted = matcher(typeof pattern === 'string' ? pattern : '*');
      return found(last(this.entries.filter(([, , source]) => wanted.test(source))));
    }
    return found(last(this.entries));
  }
}

function found(history: readonly Entry[]): Content {
  return { status: 'ok', history };
}

/** The protocol searches with * and ?, as file names are searched for. */
function matcher(pattern: string): RegExp {
  const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
