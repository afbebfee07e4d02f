/** What the rules of the lint have in common: what they are given and what they answer. */
import type { Notebook } from '../format.js';

/** A notebook and the file that it is in. */
export interface LintedNotebook {
  readonly file: string;
  /** The file as it is */
  readonly text: string;
  readonly notebook: Notebook;
}

/** Something that must not be. Without a cell it is about the file, without a line about the cell. */
export interface Violation {
  /** From 1 among all cells, as a reader counts them */
  readonly cell?: number;
  /** From 1 */
  readonly line?: number;
  readonly message: string;
}

/** Finds the violations of one kind in a notebook. */
export type Rule = (linted: LintedNotebook) => Iterable<Violation> | AsyncIterable<Violation>;

/** A cell with its number from 1 among all cells. */
export interface NumberedCell {
  readonly cell: number;
  readonly source: string;
}

export function cellsOf({ cells }: Notebook, kind: 'code' | 'markdown'): NumberedCell[] {
  return cells.flatMap(({ cell_type: type, source }, index) =>
    type === kind ? [{ cell: index + 1, source }] : [],
  );
}

/** The matches of a pattern, each with the number of its line, from 1. */
export function* matchesIn(
  source: string,
  pattern: RegExp,
): Generator<{ match: RegExpMatchArray; line: number }> {
  for (const match of source.matchAll(pattern)) yield { match, line: lineAt(source, match.index) };
}

/** The number, from 1, of the line that holds a position. */
export function lineAt(source: string, position: number): number {
  return source.slice(0, position).split('\n').length;
}
