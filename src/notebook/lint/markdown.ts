/** Markdown cells and files, taken apart with line numbers. */
import type MarkdownIt from 'markdown-it';
import { parseMarkdown } from '../../site/markdown.js';

export interface PlacedToken {
  readonly token: MarkdownIt.Token;
  /** From 1 */
  readonly line: number;
}

/** Blocks and what is inside them, in the order of the text. */
export function* tokensOf(source: string): Generator<PlacedToken> {
  let line = 1;
  for (const block of parseMarkdown(source)) {
    if (block.map) line = block.map[0] + 1;
    yield { token: block, line };
    for (const token of block.children ?? []) {
      yield { token, line };
      const broken = token.type === 'softbreak' || token.type === 'hardbreak';
      line += broken ? 1 : token.content.split('\n').length - 1;
    }
  }
}

export interface Heading {
  readonly level: number;
  readonly text: string;
  readonly line: number;
}

export function headingsOf(source: string): Heading[] {
  const tokens = parseMarkdown(source);
  return tokens.flatMap(({ type, tag, map }, index) => {
    if (type !== 'heading_open') return [];
    const text = (tokens[index + 1]!.children ?? []).map(({ content }) => content).join('');
    return [{ level: Number(tag.slice(1)), text, line: map![0] + 1 }];
  });
}
