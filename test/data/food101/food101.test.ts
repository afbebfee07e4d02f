import assert from 'node:assert/strict';
import { rmSync, truncateSync } from 'node:fs';
import { checkFood101 } from '../../../src/data/food101/check.js';
import { loadFood101, type Food101Options } from '../../../src/data/food101/food101.js';
import { food101Layouts, type Food101Layout } from '../../../src/data/food101/samples.js';
import { resizeBicubic } from '../../../src/data/images/bicubic.js';
import { decodePicture } from '../../../src/data/images/decode.js';
import { targetSize } from '../../../src/data/images/size.js';
import { wordLengths } from '../../support/encoder.js';
import { miniature, withCopy } from '../../support/food101.js';
import { assertSteady } from '../../support/leaks.js';
import { tf } from '../../../src/tensor/tf.js';

const encoder = wordLengths(9);
const load = (
  layout: Food101Layout,
  options: Partial<Food101Options> = {},
  folder = miniature[layout],
) => loadFood101(folder, layout, { encoder, size: 64, ...options });

describe('Food-101', () => {
  for (const layout of food101Layouts) {
    it(`gives texts and padded images with their masks (${layout})`, async () => {
      const dataset = load(layout);
      assert.deepEqual(dataset.modalities, ['text', 'image']);
      const { samples } = dataset;
      const chosen = [8, 0, 12];
      await dataset.fetch(chosen);
      const { text, textMask, image, imageMask } = dataset.inputs(chosen);
      assert.deepEqual(
        [text!.shape, textMask!.shape],
        [
          [3, 9],
          [3, 9],
        ],
      );
      assert.deepEqual(
        [text!.dtype, textMask!.dtype, imageMask!.dtype],
        ['int32', 'int32', 'int32'],
      );
      for (const [place, sample] of chosen.entries()) {
        const { ids, mask } = encoder.encode(samples.texts[sample]!);
        assert.deepEqual(await text!.slice([place], [1]).data(), ids);
        assert.deepEqual(await textMask!.slice([place], [1]).data(), mask);
      }

      const [, height, width] = image!.shape;
      assert.deepEqual(image!.shape, [3, height, width, 3]);
      assert.deepEqual(imageMask!.shape, [3, height, width]);
      const [values, mask] = [await image!.data(), await imageMask!.data()];
      for (const [place, sample] of chosen.entries()) {
        const decoded = await decodePicture(await samples.readImage(sample), 'image');
        const size = targetSize(decoded, 'aspect', 64);
        const { pixels } = resizeBicubic(decoded, size);
        for (let row = 0; row < height!; row++) {
          for (let column = 0; column < width!; column++) {
            const at = (place * height! + row) * width! + column;
            const inside = row < size.height && column < size.width;
            assert.equal(mask[at], inside ? 1 : 0);
            for (let channel = 0; channel < 3; channel++) {
              const byte = pixels[(row * size.width + column) * 3 + channel]!;
              const expected = inside ? (byte / 255 - 0.5) / 0.5 : 0;
              assert.ok(Math.abs(values[at * 3 + channel]! - expected) < 1e-6);
            }
          }
        }
      }
      tf.dispose([text!, textMask!, image!, imageMask!]);
    });
  }

  it('has batches of different shapes in the miniature', async () => {
    const dataset = load('raw');
    const shapeOf = async (samples: number[]) => {
      await dataset.fetch(samples);
      const inputs = dataset.inputs(samples);
      tf.dispose(inputs);
      return inputs.image!.shape;
    };
    // 36 × 60 and 64 × 40 pixels; the longer side becomes at most 106.
    const [upright, lying] = ['gnocchi_13.jpg', 'frozen_yogurt_0-2.jpg'].map((image) =>
      dataset.samples.images.indexOf(image),
    ) as [number, number];
    assert.deepEqual(await shapeOf([upright]), [1, 96, 64, 3]);
    assert.deepEqual(await shapeOf([lying]), [1, 64, 96, 3]);
    assert.deepEqual(await shapeOf([lying, upright]), [2, 96, 96, 3]);
  });

  it('gives square images without a mask, at any size', async () => {
    const dataset = load('arrow', { shape: 'square', size: 32 });
    await dataset.fetch([0, 1]);
    const inputs = dataset.inputs([0, 1]);
    assert.deepEqual(Object.keys(inputs), ['text', 'textMask', 'image']);
    assert.deepEqual(inputs.image!.shape, [2, 32, 32, 3]);
    tf.dispose(inputs);
    assert.throws(() => load('arrow', { size: 16 }), /size must be .* at least 32, got 16/);
  });

  it('keeps what was fetched until it is asked for, and no tensors', async () => {
    const dataset = load('raw');
    const again = /the image of sample 1, .*\.jpg, was not fetched: call "await fetch/;
    assert.throws(() => dataset.inputs([1]), again);
    await Promise.all([dataset.fetch([1, 2]), dataset.fetch([2, 3])]);
    tf.dispose(dataset.inputs([1, 2]));
    tf.dispose(dataset.inputs([2, 3]));
    for (const sample of [1, 2, 3]) assert.throws(() => dataset.inputs([sample]), /not fetched/);
    await dataset.fetch([1]);
    dataset.forget([1]);
    assert.throws(() => dataset.inputs([1]), again);
    assert.throws(() => dataset.inputs([22]), /no sample 22; there are 22/);
    await assert.rejects(dataset.fetch([-1]), /no sample -1; there are 22/);
    await assertSteady(async () => {
      await dataset.fetch([0, 5]);
      tf.dispose(dataset.inputs([0, 5]));
    });
  });

  it('keeps no more images than it may', async () => {
    const dataset = load('raw', { imagesKept: 4 });
    await dataset.fetch([0, 1, 2]);
    await dataset.fetch([2, 3]);
    await assert.rejects(
      dataset.fetch([3, 4]),
      /5 pictures would be kept, and 4 may be: 4 were fetched and never used/,
    );
    dataset.forget([0, 1, 2]);
    await dataset.fetch([3, 4]);
  });

  it('names an image that is not there or damaged, and keeps nothing of its batch', async () => {
    await withCopy('raw', async (folder) => {
      const dataset = load('raw', {}, folder);
      truncateSync(dataset.samples.place(2), 500);
      await assert.rejects(
        dataset.fetch([1, 2, 3]),
        new RegExp(`${dataset.samples.images[2]!}: expected a whole JPEG picture, got 500 bytes`),
      );
      rmSync(dataset.samples.place(3));
      await assert.rejects(
        dataset.fetch([1, 3]),
        new RegExp(`ENOENT.*${dataset.samples.images[3]!}`),
      );
      assert.throws(() => dataset.inputs([1]), /not fetched/);
      await dataset.fetch([1]);
      tf.dispose(dataset.inputs([1]));
    });
  });

  it('can be looked at before it is used', async () => {
    const complete = {
      classes: 4,
      samples: { train: 11, validation: 4, test: 7 },
      missingImages: { count: 0, first: [] },
    };
    assert.deepEqual(await checkFood101(miniature.arrow, 'arrow'), {
      ...complete,
      missingTexts: { count: 0, first: [] },
    });
    await withCopy('raw', async (folder) => {
      const missingTexts = { count: 2, first: ['frozen_yogurt_1.jpg', 'frozen_yogurt_4.jpg'] };
      assert.deepEqual(await checkFood101(folder, 'raw'), { ...complete, missingTexts });
      const { samples } = load('raw', {}, folder);
      const gone = [1, 2, 5, 8, 13, 20].map((sample) => samples.place(sample));
      gone.forEach((file) => {
        rmSync(file);
      });
      const { missingImages } = await checkFood101(folder, 'raw');
      assert.deepEqual(missingImages, { count: 6, first: gone.slice(0, 5) });
    });
  });
});

describe('missing images and texts', () => {
  const values = async (tensor: tf.Tensor) => [...new Set(await tensor.data())];

  for (const [mode, value] of [
    ['ones', 1],
    ['black', -1],
    ['zeroTokens', 0],
  ] as const) {
    it(`are ${mode} and the empty text, without padding in the image`, async () => {
      const { absence, ...dataset } = load('raw', { missingImage: mode });
      assert.deepEqual(absence.zeroTokens, mode === 'zeroTokens' ? ['image'] : []);
      const whole = load('raw', { missingImage: mode });
      await whole.fetch([0, 8]);
      const inputs = whole.inputs([0, 8]);
      assert.deepEqual((await values(inputs.imageMask!)).sort(), [0, 1]);

      const noImage = absence.inputs(inputs, ['image']);
      assert.deepEqual(noImage.image!.shape, inputs.image!.shape);
      assert.deepEqual(await values(noImage.image!), [value]);
      assert.deepEqual(await values(noImage.imageMask!), [1]);
      assert.equal(noImage.imageMask!.dtype, 'int32');
      assert.equal(noImage.text, inputs.text);

      const noText = absence.inputs(inputs, ['text']);
      assert.deepEqual(
        await noText.text!.array(),
        [0, 1].map(() => [101, 102, 0, 0, 0, 0, 0, 0, 0]),
      );
      assert.deepEqual(
        await noText.textMask!.array(),
        [0, 1].map(() => [1, 1, 0, 0, 0, 0, 0, 0, 0]),
      );
      assert.equal(noText.image, inputs.image);
      assert.deepEqual(absence.inputs(inputs, []), inputs);
      assert.equal(dataset.name, 'food101');
      tf.dispose([inputs, noImage, noText]);
    });
  }

  it('have no masks where the inputs have none, and keep no tensors', async () => {
    const { absence } = load('raw');
    const inputs = { text: tf.zeros([2, 9], 'int32'), image: tf.zeros([2, 32, 32, 3]) };
    assert.deepEqual(Object.keys(absence.inputs(inputs, ['text', 'image'])), ['text', 'image']);
    await assertSteady(() => {
      const { text, image } = absence.inputs(inputs, ['text', 'image']);
      tf.dispose([text!, image!]);
    });
    tf.dispose(inputs);
  });
});
