/** What notebooks display, seen through a stand-in for the kernel, and on the console without one. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { display, inNotebook, type Bundle } from '../../src/notebook/display.js';
import { escapeHtml, tableHtml } from '../../src/notebook/html.js';
import { Progress, track } from '../../src/notebook/progress.js';
import { LiveFigure, frame, pictures, show, table } from '../../src/notebook/show.js';
import type { Figure } from '../../src/figures/figure.js';

interface Sent {
  readonly data: Bundle;
  readonly id: string | undefined;
  readonly update: boolean;
}

const jupyter = createRequire(__filename)('tslab/dist/jupyter.js') as Record<string, unknown>;
const figureOf = (text: string): Figure => ({
  data: [{ type: 'bar', x: ['a'], y: [1] }],
  layout: { width: 300, height: 200, title: { text } },
});

let now: number;
const { now: realNow } = Date;
const { log } = console;
beforeEach(() => {
  now = 1_000_000;
});

describe('in a kernel', () => {
  let sent: Sent[];
  const texts = () => sent.map(({ data }) => data['text/plain']);

  beforeEach(() => {
    sent = [];
    Date.now = () => now;
    // Where display.ts looks for the kernel that runs it.
    Object.assign(globalThis, { __tslab__: {} });
    jupyter.lastWriteDisplayData = (
      { data, transient }: { data: Bundle; transient: { display_id?: string } },
      update: boolean,
    ) => {
      sent.push({ data, id: transient.display_id, update });
    };
  });
  afterEach(() => {
    Date.now = realNow;
    Reflect.deleteProperty(globalThis, '__tslab__');
    jupyter.lastWriteDisplayData = null;
  });

  it('display sends a whole bundle as a new output', () => {
    const bundle = { 'text/html': '<b>1</b>', 'text/plain': '1' };
    assert.ok(inNotebook());
    display(bundle);
    assert.deepEqual(sent, [{ data: bundle, id: undefined, update: false }]);
  });

  it('Progress redraws in place, at most five times a second, and always shows the end', () => {
    const progress = new Progress('steps');
    for (let step = 1; step <= 10; step++) {
      now += 100;
      progress.update(step, 20, 'loss 0.5');
    }
    progress.finish();
    assert.deepEqual(texts(), [
      'steps 1/20 · loss 0.5 · 10.0 a second · 2 s left',
      'steps 3/20 · loss 0.5 · 10.0 a second · 2 s left',
      'steps 5/20 · loss 0.5 · 10.0 a second · 2 s left',
      'steps 7/20 · loss 0.5 · 10.0 a second · 1 s left',
      'steps 9/20 · loss 0.5 · 10.0 a second · 1 s left',
      'steps 10/20 · loss 0.5 · took 1 s',
    ]);
    assert.deepEqual(
      sent.map(({ update }) => update),
      [false, true, true, true, true, true],
    );
    assert.equal(new Set(sent.map(({ id }) => id)).size, 1);
  });

  it('two Progresses do not share a place', () => {
    new Progress('a').update(1, 2);
    new Progress('b').update(1, 2);
    assert.deepEqual(
      sent.map(({ update }) => update),
      [false, false],
    );
    assert.notEqual(sent[0]!.id, sent[1]!.id);
  });

  it('track gives every item and ends at the last', () => {
    const items = [...track(['a', 'b', 'c'], 'items')];
    assert.deepEqual(items, ['a', 'b', 'c']);
    assert.deepEqual(texts(), ['items 0/3 · 0.0 a second', 'items 3/3 · took 0 s']);
  });

  it('track of nothing ends at once', () => {
    assert.deepEqual([...track([], 'items')], []);
    assert.match(texts().at(-1)!, /^items 0\/0 · took 0 s$/);
  });

  it('show sends Plotly JSON, SVG and the title, and no PNG', async () => {
    const figure = figureOf('One bar');
    await show(figure);
    const { data } = sent[0]!;
    assert.deepEqual(Object.keys(data).sort(), [
      'application/vnd.plotly.v1+json',
      'image/svg+xml',
      'text/plain',
    ]);
    assert.deepEqual(data['application/vnd.plotly.v1+json'], figureOf('One bar'));
    assert.match(data['image/svg+xml'] as string, /^<svg .*One bar.*<\/svg>$/s);
    assert.equal(data['text/plain'], 'One bar');
  });

  it('LiveFigure draws in place, seldom, and last the end', async () => {
    const live = new LiveFigure();
    const made: number[] = [];
    for (let step = 0; step < 4; step++) {
      live.update(() => {
        made.push(step);
        return figureOf(`step ${step}`);
      });
      now += 1000;
    }
    await live.finish(figureOf('end'));
    assert.deepEqual(made, [0, 2]);
    assert.deepEqual(texts(), ['step 0', 'step 2', 'end']);
    assert.deepEqual(
      sent.map(({ update }) => update),
      [false, true, true],
    );
    assert.match(sent[2]!.data['image/svg+xml'] as string, /end/);
  });

  it('table and frame send HTML and tabbed text', () => {
    table(['name', 'n'], [['a', 1]]);
    frame({ columns: ['name', 'n'], values: [['a', 1]] });
    assert.deepEqual(sent[1], sent[0]);
    assert.equal(sent[0]!.data['text/plain'], 'name\tn\na\t1');
    assert.equal(
      sent[0]!.data['text/html'],
      '<table><thead><tr><th>name</th><th>n</th></tr></thead>' +
        '<tbody><tr><td>a</td><td style="text-align:right">1</td></tr></tbody></table>',
    );
  });

  it('pictures send a PNG and their description', () => {
    const picture = { size: 1, pixels: Uint8Array.of(255, 0, 0) };
    pictures([[picture]], 'a red dot');
    const { data } = sent[0]!;
    const bytes = Buffer.from(data['image/png'] as string, 'base64');
    assert.equal(bytes.subarray(1, 4).toString(), 'PNG');
    assert.equal(data['text/plain'], 'a red dot');
  });
});

describe('outside a kernel', () => {
  let lines: unknown[];
  beforeEach(() => {
    lines = [];
  });
  /** Runs something and keeps what it writes to the console. */
  const written = async (what: () => unknown) => {
    console.log = (line: unknown) => lines.push(line);
    try {
      await what();
    } finally {
      console.log = log;
    }
    return lines;
  };

  it('the plain text goes to the console', async () => {
    assert.ok(!inNotebook());
    assert.deepEqual(await written(() => show(figureOf('One bar'))), ['[figure] One bar']);
    lines = [];
    assert.deepEqual(
      await written(() => {
        table(['a'], [[1]]);
      }),
      ['a\n1'],
    );
  });

  it('Progress writes only its last state', async () => {
    const all = await written(() => [...track(['a', 'b'], 'items')]);
    assert.deepEqual(all, ['items 2/2 · took 0 s']);
  });

  it('LiveFigure makes no figure before the end', async () => {
    const live = new LiveFigure();
    const all = await written(async () => {
      live.update(() => assert.fail('made a figure that nobody sees'));
      await live.finish(figureOf('end'));
    });
    assert.deepEqual(all, ['end']);
  });
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
