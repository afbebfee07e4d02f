/** What notebooks display, seen through a stand-in for the kernel, and on the console without one. */
import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Figure } from '../../src/figures/figure.js';
import { display, inNotebook } from '../../src/notebook/display.js';
import { writeFigure } from '../../src/notebook/figureFile.js';
import { escapeHtml, tableHtml } from '../../src/notebook/html.js';
import { LiveFigure, pictures, show } from '../../src/notebook/show.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { standInKernel, standInTime, written } from '../support/kernel.js';

const figureOf = (text: string): Figure => ({
  data: [{ type: 'bar', x: ['a'], y: [1] }],
  layout: { width: 300, height: 200, title: { text } },
});

describe('displays in a kernel', () => {
  const kernel = standInKernel();
  const time = standInTime();

  it('display sends a whole bundle as a new output', () => {
    const bundle = { 'text/html': '<b>1</b>', 'text/plain': '1' };
    assert.ok(inNotebook());
    display(bundle);
    assert.deepEqual(kernel.sent, [{ data: bundle, id: undefined, update: false }]);
  });

  it('show sends Plotly JSON, SVG and the title, and no PNG', async () => {
    const figure = figureOf('One bar');
    await show(figure);
    assert.equal(kernel.sent.length, 1);
    const { data } = kernel.sent[0]!;
    assert.deepEqual(Object.keys(data).sort(), [
      'application/vnd.plotly.v1+json',
      'image/svg+xml',
      'text/plain',
    ]);
    assert.deepEqual(data['application/vnd.plotly.v1+json'], figureOf('One bar'));
    assert.match(data['image/svg+xml'] as string, /^<svg .*One bar.*<\/svg>$/s);
    assert.equal(data['text/plain'], 'One bar');
  });

  const { data, layout } = figureOf('One bar');
  const refusals: [string, object, RegExp][] = [
    ['without data', { layout }, /no figure:.*expected array, received undefined.*at data/s],
    ['with one trace for data', { data: data[0], layout }, /expected array.*at data/s],
    ['without a layout', { data }, /expected object.*at layout/s],
    ['without a title', { data, layout: { width: 300 } }, /expected object.*at layout\.title/s],
    ['with a title of no text', { data, layout: { title: {} } }, /string.*at layout\.title\.text/s],
  ];
  for (const [name, figure, message] of refusals) {
    it(`show refuses an object ${name}, and shows nothing`, async () => {
      await assert.rejects(show(figure as Figure), message);
      assert.deepEqual(kernel.sent, []);
    });
  }

  it('LiveFigure draws in place, seldom, and last the end', async () => {
    const live = new LiveFigure();
    const made: number[] = [];
    for (let step = 0; step < 4; step++) {
      live.update(() => {
        made.push(step);
        return figureOf(`step ${step}`);
      });
      time.now += 1000;
    }
    await live.finish(figureOf('end'));
    assert.deepEqual(made, [0, 2]);
    assert.deepEqual(kernel.texts(), ['step 0', 'step 2', 'end']);
    assert.deepEqual(
      kernel.sent.map(({ update }) => update),
      [false, true, true],
    );
    assert.match(kernel.sent[2]!.data['image/svg+xml'] as string, /end/);
  });

  it('pictures send a PNG and their description', () => {
    const picture = { size: 1, pixels: Uint8Array.of(255, 0, 0) };
    pictures([[picture]], 'a red dot');
    const { data } = kernel.sent[0]!;
    const bytes = Buffer.from(data['image/png'] as string, 'base64');
    assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
    assert.equal(data['text/plain'], 'a red dot');
  });
});

describe('displays outside of a kernel', () => {
  it('are plain text on the console', async () => {
    assert.ok(!inNotebook());
    const lines = await written(() => {
      display({ 'text/html': '<b>1</b>', 'text/plain': '1' });
    });
    assert.deepEqual(lines, ['1']);
  });

  it('show and LiveFigure write the figure and say where', async () => {
    const live = new LiveFigure();
    const lines = await written(async () => {
      await show(figureOf('A bar, shown'));
      live.update(() => assert.fail('made a figure that nobody sees'));
      await live.finish(figureOf('A bar, live'));
    });
    const files = lines.map((line) => /^\[figure\] A bar, \w+: (.*)$/.exec(String(line))![1]!);
    try {
      assert.deepEqual(
        files.map((file) => path.basename(file)),
        ['a-bar-shown.svg', 'a-bar-live.svg'],
      );
      const [shown, last] = files.map((file) => readFileSync(file, 'utf8'));
      assert.match(shown!, /^<svg .*A bar, shown.*<\/svg>$/s);
      assert.match(last!, /^<svg .*A bar, live.*<\/svg>$/s);
    } finally {
      for (const file of files) rmSync(file);
    }
  });
});

describe('figure files', () => {
  let folder: string;
  before(() => {
    folder = makeFolder();
  });
  after(() => {
    removeFolder(folder);
  });
  const names: [title: string, name: string][] = [
    ['Loss by step', 'loss-by-step.svg'],
    ['Loss (by step)!', 'loss-by-step-2.svg'],
    ['../../Größe λ = 10 %', 'größe-λ-10.svg'],
    ['…', 'figure.svg'],
    ['x'.repeat(300), `${'x'.repeat(60)}.svg`],
  ];
  for (const [title, name] of names) {
    it(`name "${title.slice(0, 20)}" ${name.slice(0, 20)}`, () => {
      const file = writeFigure(title, `<svg>${title}</svg>`, folder);
      assert.equal(file, path.join(folder, name));
      assert.equal(readFileSync(file, 'utf8'), `<svg>${title}</svg>`);
    });
  }
});

describe('HTML of outputs', () => {
  it('escapes text for elements and attributes', () => {
    assert.equal(escapeHtml(`<a b="c">&amp;`), '&lt;a b=&quot;c&quot;&gt;&amp;amp;');
  });

  it('escapes the header and the cells of a table', () => {
    const html = tableHtml(['<b>'], [['<script>']]);
    assert.match(html, /<th>&lt;b&gt;<\/th>.*<td>&lt;script&gt;<\/td>/);
  });
});
