/** Markdown with formulas and highlighted code, as the notebooks write it. */
import { createRequire } from 'node:module';
import path from 'node:path';
import katexPlugin from '@vscode/markdown-it-katex';
import hljs from 'highlight.js';
import MarkdownIt from 'markdown-it';

const renderer = new MarkdownIt({
  html: true,
  linkify: false,
  highlight: (code, language) => highlighted(code, language),
}).use(katexPlugin as unknown as MarkdownIt.PluginSimple, { throwOnError: true });

/** Links between notebooks lead to each other's pages, other relative ones to the files themselves. */
const defaultLink =
  renderer.renderer.rules.link_open ??
  ((tokens, index, options, _env, self) => self.renderToken(tokens, index, options));
renderer.renderer.rules.link_open = (tokens, index, options, env, self) => {
  const token = tokens[index]!;
  const target = token.attrGet('href') ?? '';
  const { origin } = env as Place;
  if (target.startsWith('../')) token.attrSet('href', path.posix.join(origin, target));
  else if (!/^[a-z][a-z\d+.-]*:/i.test(target)) {
    token.attrSet('href', target.replace(/\.ipynb(#.*)?$/, '.html$1'));
  }
  return defaultLink(tokens, index, options, env, self);
};

interface Place {
  readonly origin: string;
}

/**
 * @param origin the way from the page's folder to the folder that relative links are meant from
 * @throws Error when a formula cannot be set
 */
export function renderMarkdown(source: string, origin = '.'): string {
  const html = renderer.render(source, { origin } satisfies Place);
  // The plugin puts the reason why it cannot set a formula into the page.
  const wrong = /class="(?:katex-block )?katex-error"[^>]*>([^<]*)/.exec(html);
  if (wrong) throw new Error(`formula: ${wrong[1]}`);
  return html;
}

/** What the text consists of, as markdown-it takes it apart: blocks, and inside them `children`. */
export function parseMarkdown(source: string): MarkdownIt.Token[] {
  return renderer.parse(source, {});
}

export function highlighted(code: string, language: string): string {
  const known = hljs.getLanguage(language) ? language : 'plaintext';
  return hljs.highlight(code, { language: known }).value;
}

/** The files that pages need beside their own text: path in the site's assets → file. */
export function markdownAssets(): Record<string, string> {
  const load = createRequire(__filename);
  const katex = path.dirname(load.resolve('katex/dist/katex.min.css'));
  return {
    'katex.min.css': path.join(katex, 'katex.min.css'),
    fonts: path.join(katex, 'fonts'),
    'highlight.css': load.resolve('highlight.js/styles/github.css'),
  };
}
