/** Figures on a page of their own: one HTML file with all that draws them, so it works offline and anywhere. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Figure } from '../figures/figure.js';
import { projectRoot } from '../files/paths.js';
import { escapeHtml } from '../notebook/html.js';
import { figureHtml, htmlOf } from './page.js';

const site = path.join(projectRoot, 'src', 'site');

/** The files that draw figures and set pages: name among a site's assets → file. */
export const figureAssets = () => ({
  'plotly.js': createRequire(__filename).resolve('plotly.js-dist'),
  'site.css': path.join(site, 'site.css'),
  'figures.js': path.join(site, 'figures.js'),
});

/** @param text what stands above the figures */
export function figurePage(title: string, text: string, figures: readonly Figure[]): string {
  const files = figureAssets();
  const drawn = figures.map((figure) => figureHtml(figure, figure.layout.title.text));
  const body = `<main>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(text)}</p>
${drawn.join('\n')}
</main>
${script(files['plotly.js'])}
${script(files['figures.js'])}`;
  return htmlOf(title, `<style>${readFileSync(files['site.css'], 'utf8')}</style>`, body);
}

/** A script in the page itself; in its texts, the end of the element must not be taken for one. */
function script(file: string): string {
  return `<script>${readFileSync(file, 'utf8').replaceAll('</script', '<\\/script')}</script>`;
}
