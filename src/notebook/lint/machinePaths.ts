/** Paths that exist on one machine only. */
import { matchesIn, type LintedNotebook, type Violation } from './rule.js';

const posix = String.raw`(?:/(?:home|Users|root|tmp|var|private|work|opt|usr|etc|mnt|media|Volumes)\b|~/)`;
const windows = String.raw`(?:[A-Z]:[\\/]|[a-z]:(?:\\\\|/))`;
/** Not the end of a longer path or address. */
const begin = String.raw`(?<![\w.~})\]-])`;
const machinePath = new RegExp(`${begin}(?:${posix}|${windows}|file://)[^\\s'"\`)]*`, 'g');

const formula = /\$\$[^$]*\$\$|\$[^$\n]*\$/g;

export function* machinePaths({ notebook }: LintedNotebook): Generator<Violation> {
  for (const [index, { cell_type: type, source }] of notebook.cells.entries()) {
    // In a formula, "A:\to" is no drive.
    const blank = (text: string) => text.replace(/./g, ' ');
    const text = type === 'markdown' ? source.replace(formula, blank) : source;
    for (const { match, line } of matchesIn(text, machinePath)) {
      const message = `"${match[0]}" is a place on one machine; write it relative to the notebook`;
      yield { cell: index + 1, line, message };
    }
  }
}
