import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { highlighted, markdownAssets, renderMarkdown } from '../../src/site/markdown.js';

describe('markdown', () => {
  it('sets formulas in text and on their own', () => {
    const inline = renderMarkdown('so $a_1 < b$ holds');
    assert.match(inline, /^<p>so <span class="katex">.*<math.*<\/span> holds<\/p>\n$/s);
    assert.ok(!inline.includes('$'));
    assert.match(renderMarkdown('$$\nx^2\n$$'), /class="katex-display"/);
  });

  it('leaves dollars in code alone', () => {
    assert.equal(renderMarkdown('`$a$`'), '<p><code>$a$</code></p>\n');
  });

  it('refuses a formula that cannot be set', () => {
    assert.throws(() => renderMarkdown('so $\\frac{1$ holds'), /KaTeX parse error/);
  });

  it('keeps details and summaries, with markdown inside', () => {
    const html = renderMarkdown('<details><summary>Hint</summary>\n\nTry **one**.\n\n</details>');
    assert.match(
      html,
      /<details><summary>Hint<\/summary>\n<p>Try <strong>one<\/strong>\.<\/p>\n<\/details>/,
    );
  });

  const links: [string, string, string][] = [
    ['another notebook', '02-masking.ipynb', '02-masking.html'],
    ['a place in another notebook', '02-masking.ipynb#mask', '02-masking.html#mask'],
    ['a place on the page', '#mask', '#mask'],
    ['the web', 'https://example.org/a.ipynb', 'https://example.org/a.ipynb'],
  ];
  for (const [name, source, target] of links) {
    it(`links to ${name}`, () => {
      assert.equal(renderMarkdown(`[x](${source})`), `<p><a href="${target}">x</a></p>\n`);
    });
  }

  it('links to files outside the notebooks’ folder, seen from the page', () => {
    const html = renderMarkdown('[x](../src/mmp/align.ts)', '../../../notebooks');
    assert.equal(html, '<p><a href="../../../src/mmp/align.ts">x</a></p>\n');
  });

  it('refuses links that are scripts', () => {
    assert.ok(!renderMarkdown('[x](javascript:alert(1))').includes('<a'));
  });

  it('highlights TypeScript, and escapes code of any language', () => {
    const html = renderMarkdown('```typescript\nconst a = 1;\n```');
    assert.match(html, /<span class="hljs-keyword">const<\/span>/);
    assert.equal(highlighted('a < b', 'no-such-language'), 'a &lt; b');
  });

  it('names assets that are installed', () => {
    const files = Object.values(markdownAssets());
    assert.equal(files.length, 3);
    for (const file of files) assert.ok(existsSync(file), file);
  });
});
