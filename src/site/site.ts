/** The static site of a workbook run: a page per notebook, an index, and the assets they share. */
import { cpSync } from 'node:fs';
import path from 'node:path';
import { writeWhole } from '../files/write.js';
import { titleOf, type Notebook } from '../notebook/format.js';
import { openingMime, type Opening } from '../notebook/budget.js';
import { duration } from '../notebook/progress.js';
import { escapeHtml } from '../notebook/html.js';
import { failureLine, type Failure } from '../notebook/failure.js';
import { reportMime, type Report } from '../notebook/report.js';
import { figureAssets } from './figurePage.js';
import { markdownAssets } from './markdown.js';
import { dataOf, documentHtml, figuresOf, notebookPage, outputsWith, textOf } from './page.js';

/** One notebook of a run. */
export interface Entry {
  /** The notebook's file name without its ending: `01-the-problem` */
  readonly name: string;
  /** As it was executed; absent where it could not be read */
  readonly notebook?: Notebook;
  readonly seconds: number;
  readonly failure?: Failure;
}

type EntryWithPage = Entry & Required<Pick<Entry, 'notebook'>>;
const hasPage = (entry: Entry): entry is EntryWithPage => entry.notebook !== undefined;

/**
 * Writes the pages of all entries, the index and the assets into a folder.
 *
 * @param notebooks the folder that the notebooks come from, which their links are meant from
 */
export function writeSite(
  folder: string,
  entries: readonly Entry[],
  finished: Date,
  notebooks: string,
): void {
  const origin = path.relative(folder, notebooks).replaceAll(path.sep, '/');
  const assets: Record<string, string> = {
    ...markdownAssets(),
    ...figureAssets(),
  };
  for (const [name, source] of Object.entries(assets)) {
    cpSync(source, path.join(folder, 'assets', name), { recursive: true });
  }
  entries.filter(hasPage).forEach((entry, index, all) => {
    const links = [
      link(all[index - 1], '←'),
      '<a href="index.html">Contents</a>',
      link(all[index + 1], '→'),
    ];
    writeWhole(
      path.join(folder, `${entry.name}.html`),
      notebookPage(entry.notebook, links.join(' · '), origin),
    );
  });
  writeWhole(path.join(folder, 'index.html'), indexHtml(entries, finished));
}

function link(entry: EntryWithPage | undefined, arrow: string): string {
  if (!entry) return `<span class="end">${arrow}</span>`;
  const title = escapeHtml(titleOf(entry.notebook));
  return `<a href="${entry.name}.html">${arrow === '←' ? `← ${title}` : `${title} →`}</a>`;
}

/** What a notebook's opening line said: backend and budget. */
export function openingOf(notebook: Notebook): Opening | undefined {
  const [opening] = outputsWith(openingMime, notebook);
  return opening && (dataOf(opening)[openingMime] as Opening);
}

/** The numbers that a notebook reported. */
export function reportsOf(notebook: Notebook): Report[] {
  return outputsWith(reportMime, notebook).map((output) => dataOf(output)[reportMime] as Report);
}

function indexHtml(entries: readonly Entry[], finished: Date): string {
  const total = entries.reduce((sum, { seconds }) => sum + seconds, 0);
  const rows = entries.map(({ name, notebook, seconds, failure }) => {
    const opening = notebook && openingOf(notebook);
    const title = notebook && escapeHtml(titleOf(notebook));
    const cells = [
      title === undefined ? escapeHtml(name) : `<a href="${name}.html">${title}</a>`,
      failure ? escapeHtml(`failed: ${failureLine(failure)}`) : 'ran',
      duration(seconds),
      opening?.name ?? '',
      opening?.budget ?? '',
      String(notebook ? figuresOf(notebook).length : 0),
    ];
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
  });
  const pictures = entries.filter(hasPage).flatMap(({ name, notebook }) => {
    const last = figuresOf(notebook).at(-1);
    if (!last) return [];
    const title = escapeHtml(textOf(dataOf(last), 'text/plain'));
    const svg = Buffer.from(textOf(dataOf(last), 'image/svg+xml')).toString('base64');
    return `<a href="${name}.html"><img alt="${title}" src="data:image/svg+xml;base64,${svg}"></a>`;
  });
  const header = ['Notebook', 'State', 'Time', 'Backend', 'Budget', 'Figures'];
  const body = `<main>
<h1>MMP Workbook</h1>
<p>Masked Modality Projection, executed from top to bottom in ${duration(total)}, finished on
${finished.toISOString().slice(0, 16).replace('T', ' ')} UTC${machineOf(entries)}. Each page is a
notebook with its outputs; the executed <code>.ipynb</code> files lie beside them.</p>
<table><thead><tr>${header.map((title) => `<th>${title}</th>`).join('')}</tr></thead>
<tbody>${rows.join('\n')}</tbody></table>
<div class="gallery">${pictures.join('\n')}</div>
</main>`;
  return documentHtml('MMP Workbook', body, false);
}

/** What the notebooks ran on, as the first of them said. */
function machineOf(entries: readonly Entry[]): string {
  const opening = entries.filter(hasPage).flatMap(({ notebook }) => openingOf(notebook) ?? [])[0];
  if (!opening) return '';
  const { name, device, tfjs, node } = opening;
  return escapeHtml(`, on ${name} (${device}), TF.js ${tfjs}, Node ${node}`);
}
