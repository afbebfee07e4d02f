/** The output folder of a workbook run: executed notebooks, the site, and a summary as JSON. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { beginFolder, finishFolder } from '../files/folders.js';
import { writeJson } from '../files/write.js';
import { openingOf, reportsOf, writeSite, type Entry } from '../site/site.js';
import { writeNotebook } from './format.js';

export class OutputFolder {
  private readonly partial: string;

  /**
   * @param place what stands there is replaced as a whole, when the run is finished
   * @param notebooks the folder that the notebooks come from
   * @throws Error when it is something else than an earlier run's, or cannot be written
   */
  constructor(
    private readonly place: string,
    private readonly notebooks: string,
  ) {
    expectOwn(place);
    this.partial = beginFolder(place);
  }

  finish(entries: readonly Entry[]): void {
    for (const { name, notebook } of entries) {
      if (notebook) writeNotebook(path.join(this.partial, `${name}.ipynb`), notebook);
    }
    mkdirSync(path.join(this.partial, 'assets'));
    const finished = new Date();
    writeSite(this.partial, entries, finished, this.notebooks);
    writeJson(path.join(this.partial, 'workbook.json'), {
      finished: finished.toISOString(),
      notebooks: entries.map(({ name, seconds, failure, notebook }) => ({
        name,
        seconds,
        opening: (notebook && openingOf(notebook)) ?? null,
        reports: notebook ? reportsOf(notebook) : [],
        failure: failure ? { cell: failure.cell ?? null, reason: failure.reason } : null,
      })),
    });
    finishFolder(this.partial, this.place);
  }

  /** Leaves nothing behind; after `finish` there is nothing. */
  discard(): void {
    rmSync(this.partial, { recursive: true, force: true });
  }
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
