import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { decodePngNumbers } from '../../src/files/png.js';
import { rasterOf, segmentationFixtures } from '../support/segmentation.js';

const bytesOf = (name: string) =>
  readFileSync(path.join(segmentationFixtures, 'png', `${name}.png`));
const numbers = rasterOf('png numbers');

describe('PNG files of numbers', () => {
  for (const name of ['palette', 'palette4', 'grey', 'alpha', 'rgb']) {
    it(`are read as Pillow wrote them: ${name}`, async () => {
      const { width, height, values } = await decodePngNumbers(bytesOf(name), name);
      assert.deepEqual([width, height], [numbers.width, numbers.height]);
      assert.deepEqual(values, numbers.values);
    });
  }

  it('are read from bits', async () => {
    const { values } = await decodePngNumbers(bytesOf('bits'), 'bits');
    assert.deepEqual(
      values,
      numbers.values.map((value) => value % 2),
    );
  });

  it('undo every filter', async () => {
    const { values } = await decodePngNumbers(bytesOf('filters'), 'filters');
    assert.deepEqual(values, rasterOf('png filters').values);
    // Rows of each of the five filters, as libpng chooses them of noise and slopes
    const size = { width: 60, height: 60, channels: 1 as const };
    const slopes = Uint8Array.from({ length: 3600 }, (_, pixel) => {
      const [row, column] = [Math.floor(pixel / 60), pixel % 60];
      return (row < 12 ? (pixel * 7919) % 251 : row * 3 + column * 2 + ((pixel * 31) % 5)) % 256;
    });
    const png = await sharp(slopes, { raw: size }).png({ adaptiveFiltering: true }).toBuffer();
    const decoded = await decodePngNumbers(png, 'slopes');
    assert.deepEqual(decoded.values, slopes);
  });

  it('with colours that are there twice tell their indices, which colours cannot', async () => {
    const image = sharp(bytesOf('palette')).raw();
    const colours = new Set((await image.toBuffer()).toString('hex').match(/.{6}/g));
    assert.equal(colours.size, 2);
    const { values } = await decodePngNumbers(bytesOf('palette'), 'palette');
    assert.ok(new Set(values).size > 10);
  });

  const whole = bytesOf('grey');
  const damaged = Buffer.from(whole);
  damaged[45]! ^= 255;
  const interlaced = sharp(Buffer.from([1, 2, 3, 4]), {
    raw: { width: 2, height: 2, channels: 1 },
  });
  const wrong: readonly (readonly [string, () => Buffer | Promise<Buffer>, RegExp])[] = [
    ['a part of a file', () => whole.subarray(0, 60), /it is truncated/],
    ['a file without its end', () => whole.subarray(0, -12), /it is truncated/],
    ['a damaged byte', () => damaged, /the checksum of IDAT at byte 33 is wrong/],
    ['no PNG', () => Buffer.from('no PNG'), /it does not begin as PNG does/],
    ['16 bits', () => bytesOf('wide'), /its numbers have 16 bits/],
    ['colours', () => bytesOf('colours'), /row 0, column 0 has the colour (\d+), \1, \d+, expected a grey one/],
    ['interlaced rows', () => interlaced.png({ progressive: true }).toBuffer(), /it is interlaced/],
  ]; // prettier-ignore
  for (const [what, bytes, message] of wrong) {
    it(`are refused: ${what}`, async () => {
      await assert.rejects(decodePngNumbers(await bytes(), 'Label/3.png'), (error: Error) => {
        assert.match(error.message, /^Label\/3\.png: expected a whole PNG file of indices or grey/);
        assert.match(error.message, message);
        return true;
      });
    });
  }
});
