/** Links to files that are not there, and to headings that are not in them. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { unescape } from 'node:querystring';
import { anchorsOf, notebookAnchors } from './anchors.js';
import { tokensOf } from './markdown.js';
import { cellsOf, matchesIn, type LintedNotebook, type Violation } from './rule.js';

export async function* links(linted: LintedNotebook): AsyncGenerator<Violation> {
  for (const { cell, source } of cellsOf(linted.notebook, 'markdown')) {
    for (const { target, line } of linksOf(source)) {
      const fault = await faultOf(linted, target);
      if (fault !== undefined) yield { cell, line, message: `the link to ${target}: ${fault}` };
    }
    for (const { token, line } of tokensOf(source)) {
      if (token.type !== 'text' || !token.content.includes('](')) continue;
      yield { cell, line, message: `"${token.content}" is meant as a link and is none` };
    }
  }
}

interface Link {
  readonly target: string;
  readonly line: number;
}

const attribute = /(?:href|src)\s*=\s*["']([^"']*)/g;

/** Links and pictures, in Markdown and in HTML. */
function* linksOf(source: string): Generator<Link> {
  for (const { token, line } of tokensOf(source)) {
    const target = token.attrGet('href') ?? token.attrGet('src');
    if (target !== null) yield { target, line };
    if (!token.type.startsWith('html_')) continue;
    for (const { match, line: inside } of matchesIn(token.content, attribute)) {
      yield { target: match[1]!, line: line + inside - 1 };
    }
  }
}

/** @returns what is wrong with a link; undefined where it leads somewhere, or out to the web */
async function faultOf(linted: LintedNotebook, target: string): Promise<string | undefined> {
  if (/^[a-z][a-z\d+.-]*:/i.test(target)) return undefined;
  const [place, anchor] = target.split(/#(.*)/s).map(unescape);
  const file = path.join(path.dirname(linted.file), place!);
  if (!existsSync(file)) return 'there is no such file';
  if (anchor === undefined) return undefined;
  try {
    const anchors = place === '' ? notebookAnchors(linted.notebook) : await anchorsOf(file);
    return anchors.includes(anchor) ? undefined : 'there is no such heading';
  } catch (error) {
    return (error as Error).message;
  }
}
