/** Images in figures are looked at in the picture that is drawn. */
import assert from 'node:assert/strict';
import { createCanvas, loadImage } from '@napi-rs/canvas';
import { classImage, images, type Colour } from '../../src/figures/images.js';
import { figurePng, figureSvg } from '../../src/figures/render.js';

const colours: readonly Colour[] = [
  [200, 0, 0],
  [0, 150, 0],
  [0, 0, 250],
];
const size = { width: 4, height: 2 };
const left = classImage([0, 0, 1, 1, 2, 2, 255, 255], size, colours);
const right = classImage([2, 2, 2, 2, 2, 2, 2, 2], size, colours);
const options = {
  title: 'What is seen',
  columns: ['first', 'second'],
  legend: [{ name: 'road', colour: colours[0]! }],
};

describe('images in a figure', () => {
  it('have the colours of classes, black where there is none', () => {
    assert.deepEqual(
      [...left.pixels],
      [
        ...[200, 0, 0, 200, 0, 0, 0, 150, 0, 0, 150, 0],
        ...[0, 0, 250, 0, 0, 250, 0, 0, 0, 0, 0, 0],
      ],
    );
    assert.throws(() => classImage([0], size, colours), /classImage: 1 pixels are not 4×2/);
  });

  it('stand in their rows and columns, sharp-edged, with all names', async () => {
    const figure = images(
      [
        { name: 'truth', images: [left, right] },
        { name: 'answer', images: [undefined, left] },
      ],
      options,
    );
    const svg = await figureSvg(figure);
    for (const text of ['What is seen', 'first', 'second', 'truth', 'answer', 'road']) {
      assert.ok(svg.includes(text), `"${text}" is not in the SVG`);
    }
    const drawn = await loadImage(await figurePng(figure));
    const context = createCanvas(drawn.width, drawn.height).getContext('2d');
    context.drawImage(drawn, 0, 0);
    /** A colour of an image, at shares of its width and height */
    const at = (row: number, column: number, across: number, down: number) => {
      const x = 110 + column * (96 + 6) + across * 96;
      const y = 90 + row * (48 + 6) + down * 48;
      return [...context.getImageData(Math.round(2 * x), Math.round(2 * y), 1, 1).data].slice(0, 3);
    };
    for (const [row, column] of [
      [0, 0],
      [1, 1],
    ] as const) {
      assert.deepEqual(at(row, column, 0.03, 0.05), colours[0]);
      assert.deepEqual(at(row, column, 0.47, 0.45), colours[0]);
      assert.deepEqual(at(row, column, 0.53, 0.45), colours[1]);
      assert.deepEqual(at(row, column, 0.97, 0.05), colours[1]);
      assert.deepEqual(at(row, column, 0.1, 0.9), colours[2]);
      assert.deepEqual(at(row, column, 0.9, 0.9), [0, 0, 0]);
    }
    assert.deepEqual(at(0, 1, 0.5, 0.5), colours[2]);
    assert.deepEqual(at(1, 0, 0.5, 0.5), [255, 255, 255]);
  });

  it('are refused where they are not of one size, or do not fit the columns', () => {
    const small = classImage([0], { width: 1, height: 1 }, colours);
    assert.throws(
      () => images([{ name: 'truth', images: [left, small] }], options),
      /images "What is seen": 4×2 and 1×1 beside each other/,
    );
    assert.throws(
      () => images([{ name: 'truth', images: [left] }], options),
      /images "What is seen": 1 in "truth" for 2 columns/,
    );
    assert.throws(() => images([], options), /images "What is seen": there are none/);
  });
});
