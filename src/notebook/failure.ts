/** What is wrong with a notebook that did not run as it should. */
import { stripVTControlCharacters } from 'node:util';
import type { Output } from './format.js';

export interface Failure {
  /** The cell's place among the code cells, from 1; absent where no cell is at fault */
  readonly cell?: number;
  readonly reason: string;
}

/** The longest reason, in characters; the whole story stands in the notebook. */
const longest = 4000;

/** `cell 2: Error: no such file` */
export function failureText({ cell, reason }: Failure): string {
  const place = cell === undefined ? '' : `cell ${cell}: `;
  return place + reason;
}

/** A failure in one line. */
export function failureLine(failure: Failure): string {
  return firstLine(failureText(failure));
}

export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0]!;
}

/** The errors among a cell's outputs, or what it wrote to stderr: a cell that succeeds does neither. */
export function complaintOf(outputs: readonly Output[]): string | undefined {
  const errors = outputs.filter((output) => output.output_type === 'error');
  const complaints =
    errors.length > 0
      ? errors.map(({ ename, evalue }) => `${String(ename)}: ${String(evalue)}`)
      : outputs.filter(({ name }) => name === 'stderr').map(({ text }) => String(text));
  if (complaints.length === 0) return undefined;
  return shortened(stripVTControlCharacters(complaints.join('\n')).trim());
}

function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest)} …`;
}
