/**
 * Headings as links name them. In a notebook it is JupyterLab that follows the link: `#Toy-numbers`, the text
 * with hyphens for spaces. In a Markdown file it is GitHub: `#toy-numbers`.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readNotebook, type Notebook } from '../format.js';
import { headingsOf } from './markdown.js';
import { cellsOf } from './rule.js';

/**
 * The anchors of a file; none where it is neither a notebook nor Markdown.
 *
 * @throws Error when it is a notebook that cannot be read
 */
export async function anchorsOf(file: string): Promise<string[]> {
  switch (path.extname(file)) {
    case '.ipynb':
      return notebookAnchors(readNotebook(file));
    case '.md':
      return markdownAnchors(readFileSync(file, 'utf8'));
    default:
      return [];
  }
}

export function notebookAnchors(notebook: Notebook): string[] {
  return cellsOf(notebook, 'markdown')
    .flatMap(({ source }) => headingsOf(source))
    .map(({ text }) => text.replaceAll(' ', '-'));
}

async function markdownAnchors(source: string): Promise<string[]> {
  const { default: GithubSlugger } = await import('github-slugger');
  const slugger = new GithubSlugger();
  return headingsOf(source).map(({ text }) => slugger.slug(text));
}
