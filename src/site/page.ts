/** An executed notebook as one HTML page that works offline. */
import { stripVTControlCharacters } from 'node:util';
import { escapeHtml } from '../notebook/html.js';
import type { CodeCell, Notebook, Output } from '../notebook/format.js';
import { titleOf } from '../notebook/format.js';
import { highlighted, renderMarkdown } from './markdown.js';

export const plotlyMime = 'application/vnd.plotly.v1+json';

/** A whole HTML document. Scripts and styles come from `assets/` beside it. */
export function documentHtml(title: string, body: string, withPlotly: boolean): string {
  const plotly = withPlotly
    ? '<script src="assets/plotly.js" defer></script><script src="assets/figures.js" defer></script>'
    : '';
  const head = `<link rel="stylesheet" href="assets/katex.min.css">
<link rel="stylesheet" href="assets/highlight.css">
<link rel="stylesheet" href="assets/site.css">
${plotly}`;
  return htmlOf(title, head, body);
}

/** An HTML document. */
export function htmlOf(title: string, head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
${head}
</head>
<body>
${body}
</body>
</html>
`;
}

/**
 * The page of one notebook, with a line of navigation above it.
 *
 * @param origin the way from the page's folder to the notebook's
 */
export function notebookPage(notebook: Notebook, navigation: string, origin: string): string {
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === 'markdown'
      ? `<section class="text">${renderMarkdown(cell.source, origin)}</section>`
      : codeHtml(cell),
  );
  const body = `<nav>${navigation}</nav>\n<main>\n${cells.join('\n')}\n</main>`;
  return documentHtml(titleOf(notebook), body, figuresOf(notebook).length > 0);
}

function codeHtml({ source, execution_count: count, outputs }: CodeCell): string {
  const code = highlighted(source, 'typescript');
  const shown = outputs.map((output) => `<div class="output">${outputHtml(output)}</div>`);
  return `<section class="code"><span class="count">${count ?? ''}</span>
<pre class="source"><code>${code}</code></pre>
${shown.join('\n')}</section>`;
}

function outputHtml(output: Output): string {
  if (output.output_type === 'stream') {
    const kind = output.name === 'stderr' ? ' class="stderr"' : '';
    return `<pre${kind}>${plainHtml(String(output.text))}</pre>`;
  }
  if (output.output_type === 'error') {
    return `<pre class="error">${plainHtml((output.traceback as string[]).join('\n'))}</pre>`;
  }
  const data = dataOf(output);
  const text = textOf(data, 'text/plain');
  const figure = data[plotlyMime];
  if (figure !== undefined) return figureHtml(figure, text);
  const html = textOf(data, 'text/html') || textOf(data, 'image/svg+xml');
  if (html !== '') return html;
  const picture = pictureTypes.find((mime) => mime in data);
  if (picture !== undefined) {
    const source = `data:${picture};base64,${textOf(data, picture)}`;
    return `<img alt="${escapeHtml(text)}" src="${escapeHtml(source)}">`;
  }
  return `<pre>${plainHtml(text)}</pre>`;
}

/** A figure that figures.js draws; its text is for those who do not see it. */
export function figureHtml(figure: unknown, text: string): string {
  // Inside a script element only the start of a closing tag has to be hidden.
  const json = JSON.stringify(figure).replaceAll('<', '\\u003c');
  return `<figure class="plotly" role="img" aria-label="${escapeHtml(text)}">
<script type="application/json">${json}</script></figure>`;
}

const pictureTypes = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** An output's contents by MIME type; streams have none. */
export function dataOf(output: Output): Readonly<Record<string, unknown>> {
  return (output.data ?? {}) as Record<string, unknown>;
}

/** An output's text of one MIME type, empty where it has none. */
export function textOf(data: Readonly<Record<string, unknown>>, mime: string): string {
  const text = data[mime];
  return typeof text === 'string' ? text : '';
}

/** The outputs that have something of a MIME type. */
export function outputsWith(mime: string, notebook: Notebook): Output[] {
  return notebook.cells
    .flatMap((cell) => (cell.cell_type === 'code' ? cell.outputs : []))
    .filter((output) => mime in dataOf(output));
}

/** The outputs that are Plotly figures. */
export function figuresOf(notebook: Notebook): Output[] {
  return outputsWith(plotlyMime, notebook);
}

/** Text as HTML, without the terminal's colour codes; other control characters have no place in a page. */
function plainHtml(text: string): string {
  return escapeHtml(stripVTControlCharacters(text).replaceAll(/[^\P{Cc}\t\r\n]/gu, '\ufffd'));
}
