/**
 * Figures are pure functions of numbers, so their JSON is compared with snapshots. After a wanted change
 * `UPDATE_SNAPSHOTS=1 npx mocha` writes them anew; look at what changed before you commit it.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { bars } from '../../src/figures/bars.js';
import type { Figure } from '../../src/figures/figure.js';
import { heatmap } from '../../src/figures/heatmap.js';
import { lines, smoothed } from '../../src/figures/lines.js';
import { points } from '../../src/figures/points.js';
import { figurePng, figureSvg } from '../../src/figures/render.js';
import { writeJson } from '../../src/files/write.js';
import { fixtures } from '../support/fixtures.js';

const matrix = [
  [0.1, 0.2, 0.7],
  [0.3, 0.3, 1 / 3],
];
const axes = { rowTitle: 'query', columnTitle: 'key' };

const figures: Record<string, Figure> = {
  heatmap: heatmap([{ values: matrix }], { title: 'One matrix', ...axes, decimals: 2 }),
  'heatmap-pair': heatmap(
    [
      { name: 'a', values: matrix },
      { name: 'b', values: [[-1, 0.5, 0]] },
    ],
    { title: 'Two matrices', ...axes, scale: 'difference', columns: ['x', 'y', 'z'] },
  ),
  bars: bars(
    [
      { name: 'dropout', values: [1, 2], errors: [0.1, 0.2] },
      { name: 'other', values: [2, 1.23456789] },
    ],
    { title: 'Bars', labels: ['a', 'b'], labelTitle: 'available', valueTitle: '%', range: [0, 3] },
  ),
  lines: lines([{ name: 'dropout', x: [1, 10, 100], y: [3, 2, 1] }], {
    title: 'Lines',
    xTitle: 'step',
    yTitle: 'loss',
    logarithmic: true,
    markers: true,
  }),
  points: points(
    [
      {
        name: 'real',
        points: [
          [0, 1],
          [2, 3],
        ],
        labels: ['p', 'q'],
        symbol: 'x',
      },
    ],
    {
      title: 'Points',
      xTitle: 'first',
      yTitle: 'second',
    },
  ),
};

describe('figures', () => {
  for (const [name, figure] of Object.entries(figures)) {
    it(`${name} equals its snapshot`, () => {
      const file = path.join(fixtures, 'figures', `${name}.json`);
      if (process.env.UPDATE_SNAPSHOTS) writeJson(file, figure);
      assert.ok(existsSync(file), `${file} is missing; make it with UPDATE_SNAPSHOTS=1`);
      assert.deepEqual(JSON.parse(JSON.stringify(figure)), JSON.parse(readFileSync(file, 'utf8')));
    });
  }

  it('refuse what cannot be drawn', () => {
    const draw = (values: number[][]) => () => heatmap([{ values }], { title: 't', ...axes });
    assert.throws(draw([[1, 2], [3]]), /heatmap "t": rows must be of one length, got 2, 1/);
    assert.throws(draw([]), /heatmap "t": rows must be of one length/);
    assert.throws(draw([Array<number>(129).fill(0)]), /at most 128×128 can be read, got 1×129/);
    const options = { title: 't', labels: ['a'], valueTitle: 'v' };
    assert.throws(
      () => bars([{ name: 'n', values: [1, 2] }], options),
      /bars "n": 2 values for 1 labels/,
    );
    const titles = { title: 't', xTitle: 'x', yTitle: 'y' };
    assert.throws(
      () => lines([{ name: 'n', x: [1], y: [] }], titles),
      /lines "n": 1 x values and 0 y values/,
    );
  });

  it('keep the mean when smoothed', () => {
    assert.deepEqual(smoothed([2, 4, 6, 8], 2), [2, 3, 5, 7]);
  });
});

describe('figures without a browser', () => {
  it('are whole: every title, tick and label is in the SVG, where it belongs', async () => {
    const svg = await figureSvg(figures.bars!);
    for (const text of ['Bars', 'available', '%', '>a<', '>b<', 'dropout', 'other', '>2<']) {
      assert.ok(svg.includes(text), `"${text}" is not in the SVG`);
    }
    const heat = await figureSvg(figures['heatmap-pair']!);
    for (const text of ['Two matrices', 'query', 'key', '>x<', '>z<', '0.5']) {
      assert.ok(heat.includes(text), `"${text}" is not in the SVG`);
    }
    // Labels of the left axis stand left of the plot.
    const [, x] = /class="ytick"><text[^>]* x="([\d.]+)"/.exec(svg)!;
    const [, left] = /<rect class="bg" x="([\d.]+)"/.exec(await figureSvg(figures.lines!)) ?? [
      0,
      '70',
    ];
    assert.ok(Number(x) <= Number(left), `tick at ${x}, plot from ${left}`);
  });

  it('show a heat map’s colours, sharp-edged', async () => {
    const figure = heatmap([{ values: [[0, 1]] }], { title: 't', ...axes, scale: 'probability' });
    const image = await loadImage(await figurePng(figure));
    const context = createCanvas(image.width, image.height).getContext('2d');
    context.drawImage(image, 0, 0);
    // The plot lies between the margins of 70 and about 90 pixels; the picture is twice as large.
    const at = (share: number) => [
      ...context.getImageData(140 + share * (image.width - 320), 400, 1, 1).data,
    ];
    assert.deepEqual(at(0.1), at(0.45));
    assert.deepEqual(at(0.6), at(0.9));
    assert.notDeepEqual(at(0.1), at(0.9));
  });

  it('become PNG of twice the size', async () => {
    const png = await figurePng(figures.bars!);
    assert.equal(png.subarray(1, 4).toString(), 'PNG');
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1440, 840]);
  });

  it('are left as they were', async () => {
    const before = JSON.stringify(figures.lines);
    await figureSvg(figures.lines!);
    assert.equal(JSON.stringify(figures.lines), before);
  });
});
