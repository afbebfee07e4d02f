/** The whole workbook, headless: every notebook in order, executed notebooks and a site as the result. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { beginFolder, finishFolder } from '../files/folders.js';
import { projectRoot } from '../files/paths.js';
import { writeJson } from '../files/write.js';
import { openingOf, reportsOf, writeSite, type Entry } from '../site/site.js';
import { readNotebook, writeNotebook } from './format.js';
import { budgetName } from './budget.js';
import { duration } from './progress.js';
import { runNotebook } from './run.js';

export interface WorkbookOptions {
  /** Where the notebooks lie */
  readonly notebooks?: string;
  /** Where executed notebooks and the site go */
  readonly output?: string;
  /** Only notebooks whose names start so, such as `03` */
  readonly only?: readonly string[];
  readonly cellSeconds?: number;
  readonly report?: WorkbookReport;
}

/** Told how the run goes. */
export interface WorkbookReport {
  notebook(name: string): void;
  cell(name: string, cell: number, cells: number): void;
  finished(name: string, summary: string): void;
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
 * Executes notebooks one after the other, each in a fresh kernel; a failed one does not keep the others
 * from running. The output folder is replaced as a whole at the end.
 *
 * @returns one entry per notebook
 * @throws Error when there is no such notebook, one cannot be read, or the output cannot be written
 */
export async function runWorkbook(options: WorkbookOptions = {}): Promise<Entry[]> {
  const {
    notebooks = path.join(projectRoot, 'notebooks'),
    output = defaultOutput,
    cellSeconds = cellLimits[budgetName()],
    report = silent,
  } = options;
  const names = chosenNotebooks(notebooks, options.only ?? []);
  const sources = names.map((name) => readNotebook(path.join(notebooks, `${name}.ipynb`)));
  expectOwn(output);
  const partial = beginFolder(output);

  const entries: Entry[] = [];
  for (const [index, name] of names.entries()) {
    report.notebook(name);
    const result = await runNotebook(sources[index]!, {
      folder: notebooks,
      cellSeconds,
      onCell: (cell, cells) => {
        report.cell(name, cell, cells);
      },
    });
    entries.push({ name, ...result });
    writeNotebook(path.join(partial, `${name}.ipynb`), result.notebook);
    const { failure } = result;
    const state = failure ? `FAILED in cell ${failure.cell}: ${failure.reason.trim()}` : 'ok';
    report.finished(name, `${duration(result.seconds)}  ${state}`);
  }
  mkdirSync(path.join(partial, 'assets'));
  const finished = new Date();
  writeSite(partial, entries, finished, notebooks);
  writeJson(path.join(partial, 'workbook.json'), {
    finished: finished.toISOString(),
    notebooks: entries.map(({ name, seconds, failure, notebook }) => ({
      name,
      seconds,
      opening: openingOf(notebook) ?? null,
      reports: reportsOf(notebook),
      failure: failure ?? null,
    })),
  });
  finishFolder(partial, output);
  return entries;
}

/** The output folder is replaced as a whole, so it must not be somebody's folder of other things. */
function expectOwn(output: string): void {
  if (output === '') throw new Error('the output folder has no name; give a new folder');
  if (!existsSync(output)) return;
  if (!statSync(output).isDirectory()) {
    throw new Error(`${output} is a file, and would be replaced; give a new folder`);
  }
  const isRun = existsSync(path.join(output, 'workbook.json'));
  if (isRun || readdirSync(output).length === 0) return;
  throw new Error(`${output} holds something else than a workbook run; give a new folder`);
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
