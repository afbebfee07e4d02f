import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { resizeBicubic } from '../../../src/data/images/bicubic.js';
import { decodePicture } from '../../../src/data/images/decode.js';
import { targetSize } from '../../../src/data/images/size.js';
import { readSafetensors } from '../../../src/files/safetensors.js';
import { fixtures } from '../../support/fixtures.js';

/** Made by test/fixtures/make_image_fixtures.py with Pillow. */
const folder = path.join(fixtures, 'images');
const pillow = readSafetensors(path.join(folder, 'pillow.safetensors')).tensors;
const files = readdirSync(folder).filter((name) => name.endsWith('.jpg'));
const decode = (name: string) => decodePicture(readFileSync(path.join(folder, name)), name);

describe('pictures', () => {
  for (const file of files) {
    it(`are decoded as Pillow does it: ${file}`, async () => {
      const { width, height, pixels } = await decode(file);
      const expected = pillow.get(file)!;
      assert.deepEqual([height, width, 3], expected.shape);
      assert.deepEqual(Buffer.from(pixels), Buffer.from(expected.values as Uint8Array));
    });
  }

  const resized = [...pillow.keys()].filter((name) => name.includes(' '));
  for (const name of resized) {
    it(`are resized as Pillow does it: ${name}`, async () => {
      const [, file, width, height] = /^(.*) (\d+)x(\d+)$/.exec(name)!;
      const size = { width: Number(width), height: Number(height) };
      const picture = resizeBicubic(await decode(file!), size);
      assert.deepEqual([picture.height, picture.width, 3], pillow.get(name)!.shape);
      assert.deepEqual(Buffer.from(picture.pixels), Buffer.from(pillow.get(name)!.values));
    });
  }

  it('get the sizes that ViLT gives them', () => {
    const cases = readSafetensors(path.join(folder, 'sizes.safetensors')).tensors.get('sizes')!;
    let vanished = 0;
    for (let row = 0; row < cases.shape[0]!; row++) {
      const [width, height, newWidth, newHeight, size] = cases.values.subarray(
        5 * row,
        5 * row + 5,
      );
      if (newWidth === 0 || newHeight === 0) vanished++;
      // Where the reference has nothing left and fails, one row of patches is kept.
      const expected = { width: Math.max(newWidth!, 32), height: Math.max(newHeight!, 32) };
      const from = { width: width!, height: height! };
      assert.deepEqual(targetSize(from, 'aspect', size!), expected, `${width!} × ${height!}`);
      assert.deepEqual(targetSize(from, 'square', size!), { width: size, height: size });
    }
    assert.ok(vanished > 20 && vanished < 1000, `${vanished}`);
  });

  it('that are damaged are named', async () => {
    const whole = readFileSync(path.join(folder, 'plain.jpg'));
    const half = whole.subarray(0, whole.length / 2);
    const message =
      /tacos_1.jpg: expected a whole JPEG picture, got \d+ bytes that cannot be decoded/;
    for (const bytes of [half, Buffer.from('no picture'), new Uint8Array()]) {
      await assert.rejects(decodePicture(bytes, 'tacos_1.jpg'), message);
    }
  });
});
