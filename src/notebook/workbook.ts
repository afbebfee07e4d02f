/** The whole workbook, headless: every notebook in order, executed notebooks and a site as the result. */
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../files/paths.js';
import { renderMarkdown } from '../site/markdown.js';
import type { Entry } from '../site/site.js';
import { budgetName } from './budget.js';
import type { KernelName } from './client.js';
import { failureText } from './failure.js';
import { parseNotebook, writeNotebook } from './format.js';
import { severalAtATime } from './jobs.js';
import { OutputFolder } from './outputFolder.js';
import { duration } from './progress.js';
import { runNotebook } from './run.js';

export interface WorkbookOptions {
  /** Where the notebooks lie */
  readonly notebooks?: string;
  /** Where executed notebooks and the site go; where notebooks are executed in place, nowhere unless given */
  readonly output?: string;
  /** Writes an executed notebook over the original, unless it failed */
  readonly inPlace?: boolean;
  /** Only notebooks whose names start so, such as `03` */
  readonly only?: readonly string[];
  /** The kernel of all notebooks; otherwise each has the one that it names */
  readonly kernel?: KernelName;
  /** How many notebooks are executed at a time */
  readonly jobs?: number;
  readonly cellSeconds?: number;
  readonly report?: WorkbookReport;
  /** When it is aborted the kernels are killed, and nothing is written any more */
  readonly signal?: AbortSignal;
}

/** Told how the run goes. */
export interface WorkbookReport {
  notebook(name: string): void;
  cell(name: string, cell: number, cells: number): void;
  /** @param summary absent where the run was aborted before */
  finished(name: string, summary?: string): void;
}

const silent: WorkbookReport = {
  notebook: () => undefined,
  cell: () => undefined,
  finished: () => undefined,
};

/** The longest that a cell may take, in seconds, by budget. */
const cellLimits = { quick: 600, full: 6 * 3600 };

export const defaultOutput = path.join(projectRoot, 'data', 'runs', 'workbook');

/**
 * Executes notebooks, each in a fresh kernel; one that fails or cannot be read does not keep the others from
 * running. The output folder is replaced as a whole at the end.
 *
 * @returns one entry per notebook, in their order
 * @throws Error when there is no such notebook, the output cannot be written, or the run is aborted
 */
export async function runWorkbook(options: WorkbookOptions = {}): Promise<Entry[]> {
  const {
    notebooks = path.join(projectRoot, 'notebooks'),
    output = options.inPlace ? undefined : defaultOutput,
    jobs = 1,
    cellSeconds = cellLimits[budgetName()],
    report = silent,
    signal,
  } = options;
  const names = chosenNotebooks(notebooks, options.only ?? []);
  const folder = output === undefined ? undefined : new OutputFolder(output, notebooks);
  /** Where the notebooks are that have begun and not ended */
  const places = new Map<string, string>();
  try {
    const entries = await severalAtATime(names, jobs, signal, async (name) => {
      report.notebook(name);
      places.set(name, name);
      const onCell = (cell: number, cells: number) => {
        report.cell(name, cell, cells);
        places.set(name, `${name}, cell ${cell}/${cells}`);
      };
      const file = path.join(notebooks, `${name}.ipynb`);
      const entry = { name, ...(await execute(file, { ...options, cellSeconds, onCell })) };
      report.finished(name, signal?.aborted ? undefined : summaryOf(entry));
      if (!signal?.aborted) places.delete(name);
      return entry;
    });
    if (signal?.aborted) {
      const { message } = signal.reason as Error;
      throw new Error(`${message} in ${[...places.values()].join(' and ')}`);
    }
    folder?.finish(entries);
    return entries;
  } finally {
    folder?.discard();
  }
}

interface ExecuteOptions extends WorkbookOptions {
  readonly cellSeconds: number;
  readonly onCell: (cell: number, cells: number) => void;
}

/** Executes one file, and writes it anew where that is wanted. */
async function execute(file: string, options: ExecuteOptions): Promise<Omit<Entry, 'name'>> {
  const { inPlace, signal } = options;
  try {
    const text = readFileSync(file, 'utf8');
    const source = parseNotebook(text, file);
    // A formula that cannot be set is found before hours of work that no page could show.
    for (const cell of source.cells) if (cell.cell_type === 'markdown') renderMarkdown(cell.source);
    const result = await runNotebook(source, { ...options, folder: path.dirname(file) });
    if (inPlace && !result.failure && !signal?.aborted) {
      if (readFileSync(file, 'utf8') !== text) {
        throw new Error(`${file} was changed while it ran; it stays as it is`);
      }
      writeNotebook(file, result.notebook);
    }
    return result;
  } catch (error) {
    return { seconds: 0, failure: { reason: (error as Error).message } };
  }
}

function summaryOf({ seconds, failure }: Entry): string {
  return `${duration(seconds)}  ${failure ? `FAILED ${failureText(failure)}` : 'ok'}`;
}

function chosenNotebooks(folder: string, only: readonly string[]): string[] {
  const all = readdirSync(folder)
    .filter((file) => file.endsWith('.ipynb'))
    .map((file) => file.replace(/\.ipynb$/, ''))
    .sort();
  const unmatched = only.find((start) => !all.some((name) => name.startsWith(start)));
  if (unmatched !== undefined || all.length === 0) {
    throw new Error(`no notebook "${unmatched ?? ''}" in ${folder}; there are ${all.join(', ')}`);
  }
  return all.filter((name) => only.length === 0 || only.some((start) => name.startsWith(start)));
}
