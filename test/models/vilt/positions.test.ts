/** Positions of patches against bilinear interpolation written out in double precision. */
import assert from 'node:assert/strict';
import {
  fullGrid,
  maskedGrid,
  patchMask,
  patchPositions,
} from '../../../src/models/vilt/positions.js';
import { tf } from '../../../src/tensor/tf.js';
import { asExpected, random } from '../../support/compare.js';
import { assertClose } from '../../support/close.js';

const [side, width] = [5, 3];

/** One picture of h × w patches in a grid of so many rows and columns. */
function resized(table: ArrayLike<number>, h: number, w: number, rows: number, columns: number) {
  const at = (g: number, s: number, c: number) => table[(g * side + s) * width + c]!;
  const place = (index: number, count: number) =>
    count === 1 ? 0 : (index * (side - 1)) / (count - 1);
  const result: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (let s = 0; s < columns; s++) {
      for (let c = 0; c < width; c++) {
        const [y, x] = [place(r, h), place(s, w)];
        const [top, left] = [Math.min(Math.floor(y), side - 2), Math.min(Math.floor(x), side - 2)];
        const upper = at(top, left, c) * (1 - x + left) + at(top, left + 1, c) * (x - left);
        const lower = at(top + 1, left, c) * (1 - x + left) + at(top + 1, left + 1, c) * (x - left);
        result.push(r < h && s < w ? upper * (1 - y + top) + lower * (y - top) : 0);
      }
    }
  }
  return result;
}

describe('the positions of patches', () => {
  let table: tf.Tensor;
  before(() => {
    table = random([side ** 2, width], 1);
  });

  it('are the table itself where the picture has its size', async () => {
    const positions = patchPositions(table, fullGrid(side, side));
    await assertClose('positions', tf.squeeze(positions, [0]), await asExpected(table), 'layer');
  });

  for (const [h, w] of [
    [3, 9],
    [1, 1],
    [12, 1],
    [2, 4],
  ] as const) {
    it(`are interpolated for ${h} × ${w} patches`, async () => {
      const values = Float32Array.from(resized(await table.data(), h, w, h, w));
      const positions = patchPositions(table, fullGrid(h, w));
      await assertClose('positions', positions, { shape: [1, h * w, width], values }, 'layer');
    });
  }

  it('follow each picture of a batch, and are zero in padding', async () => {
    const sizes = [
      [3, 7],
      [6, 2],
      [0, 0],
      [6, 7],
    ] as const;
    const mask = tf.stack(
      sizes.map(([h, w]) =>
        tf.pad(tf.ones([2 * h, 2 * w], 'int32'), [
          [0, 12 - 2 * h],
          [0, 14 - 2 * w],
        ]),
      ),
    );
    const patches = patchMask(mask, 2);
    assert.deepEqual(patches.shape, [4, 6, 7]);
    const data = await table.data();
    const values = Float32Array.from(sizes.flatMap(([h, w]) => resized(data, h, w, 6, 7)));
    const positions = patchPositions(table, maskedGrid(patches));
    await assertClose('positions', positions, { shape: [4, 42, width], values }, 'layer');
  });
});
