import assert from 'node:assert/strict';
import * as deliver from '../../../src/data/segmentation/deliver.js';
import * as mcubes from '../../../src/data/mcubes/transform.js';
import { ignoredLabel } from '../../../src/data/dataset.js';
import type { LabelledRasters } from '../../../src/data/segmentation/raster.js';
import { stream } from '../../../src/tensor/random.js';
import { coordinates } from '../../support/segmentation.js';

/** How often something holds in so many draws */
const share = (draws: number, holds: (seed: number) => boolean) =>
  Array.from({ length: draws }, (_, seed) => holds(seed)).filter(Boolean).length / draws;

/**
 * Asserts that all images and labels show the same place: images hold the column that labels hold, up to what
 * interpolation, the nearest pixel and a small blur move.
 *
 * @returns how many pixels have a label
 */
function assertRegistered({ images, labels }: LabelledRasters, within: number): number {
  let counted = 0;
  labels.values.forEach((label, pixel) => {
    if (label === ignoredLabel) return;
    counted++;
    for (const [name, { values, channels }] of Object.entries(images)) {
      const apart = Math.abs(values[pixel * channels]! - label);
      assert.ok(apart <= within, `${name} at ${pixel}: ${values[pixel * channels]}, ${label}`);
    }
  });
  return counted;
}

/** Columns where the first row of an image falls */
const isMirrored = ({ labels }: LabelledRasters) => {
  const row = labels.values.filter((label) => label !== ignoredLabel).slice(0, 5);
  return row[0]! > row[4]!;
};

describe('augmentation of NYUDv2 and FMB', () => {
  const size = { width: 40, height: 30 };
  const sample = coordinates(['hha'], 40, 30, true);
  const run = (seed: number, from = sample) =>
    deliver.forTraining(from, 'rgb', size, stream(seed, 'augmentation'));

  it('keeps images and labels together, at the size that is asked for', () => {
    for (let seed = 0; seed < 60; seed++) {
      const result = run(seed);
      for (const image of [...Object.values(result.images), result.labels]) {
        assert.deepEqual([image.width, image.height], [40, 30]);
      }
      // At a scale of ½ the nearest pixel and the mean of two are up to one and a half apart, rounded.
      assert.ok(assertRegistered(result, 2) > 100);
    }
  });

  it('is the same for the same seed, changes nothing it is given, and differs for others', () => {
    const before = structuredClone(sample);
    assert.deepEqual(run(3), run(3));
    assert.notDeepEqual(run(3), run(4));
    assert.deepEqual(sample, before);
  });

  it('mirrors half of all samples', () => {
    const mirrored = share(300, (seed) => isMirrored(run(seed)));
    assert.ok(mirrored > 0.4 && mirrored < 0.6, `${mirrored}`);
  });

  it('changes the colours of a fifth, and blurs a fifth, of that modality alone', () => {
    const both = coordinates(['rgb', 'hha'], 40, 30, true);
    const noisy = both.images.rgb!.values.map((value, index) => (value * 37 + index * 11) % 200);
    const given = { ...both, images: { rgb: { ...both.images.rgb!, values: noisy }, hha: { ...both.images.hha!, values: noisy } } };
    const changed = share(400, (seed) => {
      const { rgb, hha } = run(seed, given).images;
      return !Buffer.from(rgb!.values as Uint8Array).equals(hha!.values as Uint8Array);
    });
    // Either: 1 − 0.8²
    assert.ok(changed > 0.28 && changed < 0.44, `${changed}`);
  }); // prettier-ignore

  it('scales by ½ to 2, cuts inside of the image and one pixel beyond, and fills up the rest', () => {
    const seen = { least: Infinity, most: 0, beyond: 0 };
    for (let seed = 0; seed < 400; seed++) {
      const { resized, window } = deliver.drawCut({ width: 640, height: 480 }, { width: 640, height: 480 }, stream(seed, 'cut'));
      seen.least = Math.min(seen.least, resized.height);
      seen.most = Math.max(seen.most, resized.height);
      assert.ok(Math.abs(resized.width / resized.height - 640 / 480) < 0.01);
      assert.ok(window.left + window.width <= resized.width && window.top + window.height <= resized.height);
      if (resized.height > 480 && window.height < 480) seen.beyond++;
    }
    assert.ok(seen.least >= 240 && seen.least < 260 && seen.most <= 960 && seen.most > 930, JSON.stringify(seen));
    assert.ok(seen.beyond < 10);
    const filled = deliver.cutResized(sample, { resized: { width: 20, height: 15 }, window: { left: 1, top: 0, width: 19, height: 15 }, size });
    const at = (row: number, column: number) => row * 40 + column;
    assert.equal(filled.labels.values[at(14, 19)], ignoredLabel);
    assert.notEqual(filled.labels.values[at(14, 18)], ignoredLabel);
    assert.equal(filled.labels.values[at(15, 0)], ignoredLabel);
    assert.deepEqual([...filled.images.hha!.values.subarray(3 * at(15, 0), 3 * at(15, 0) + 3)], [0, 0, 0]);
  }); // prettier-ignore

  it('in evaluation stretches up to multiples of 32, and leaves 640 × 480 as they are', () => {
    const sizeOf = (width: number, height: number, short: number) => {
      const { labels } = deliver.forEvaluation(coordinates([], width, height, true), short);
      return [labels.width, labels.height];
    };
    assert.deepEqual(sizeOf(64, 48, 48), [64, 64]);
    assert.deepEqual(sizeOf(80, 60, 80), [128, 96]);
    assert.deepEqual(sizeOf(800, 600, 800), [1088, 800]);
    assert.deepEqual(sizeOf(800, 600, 600), [800, 608]);
    const native = coordinates(['rgb'], 64, 96, true);
    assert.deepEqual(deliver.forEvaluation(native, 64), native);
    assertRegistered(deliver.forEvaluation(coordinates(['rgb'], 50, 40, true), 40), 2);
  });
});

describe('augmentation of MCubeS', () => {
  const sample = coordinates(['image', 'aolp', 'dolp', 'nir'], 52, 40, false);
  const run = (seed: number, side = 24, from = sample) =>
    mcubes.forTraining(from, side, stream(seed, 'augmentation'));

  it('keeps images and labels together, at the size that is asked for', () => {
    for (let seed = 0; seed < 60; seed++) {
      const result = run(seed);
      for (const image of [...Object.values(result.images), result.labels]) {
        assert.deepEqual([image.width, image.height], [24, 24]);
      }
      // Short sides of 12 to 48: what is not blurred is within the reach of one new pixel.
      const { aolp, dolp } = result.images;
      assert.ok(assertRegistered({ ...result, images: { aolp: aolp!, dolp: dolp! } }, 40 / 12 / 2 + 1) > 100);
    }
  }); // prettier-ignore

  it('is the same for the same seed, changes nothing it is given, and differs for others', () => {
    const before = structuredClone(sample);
    assert.deepEqual(run(3), run(3));
    assert.notDeepEqual(run(3), run(4));
    assert.deepEqual(sample, before);
  });

  it('mirrors half of all samples, and blurs colours and near infrared of half of them', () => {
    const mirrored = share(300, (seed) => isMirrored(run(seed)));
    assert.ok(mirrored > 0.4 && mirrored < 0.6, `${mirrored}`);
    let together = 0;
    const blurred = share(300, (seed) => {
      const { image, aolp, dolp, nir } = run(seed).images;
      assert.deepEqual(aolp, dolp);
      if (Buffer.from(image!.values.buffer).equals(Buffer.from(nir!.values.buffer))) together++;
      return !Buffer.from(image!.values.buffer).equals(Buffer.from(aolp!.values.buffer));
    });
    assert.equal(together, 300);
    // Half of them, of which one in sixteen has σ < 1/16 and a kernel of one pixel
    assert.ok(blurred > 0.37 && blurred < 0.57, `${blurred}`);
  });

  it('fills up what is smaller with 0, without a label, before it is blurred', () => {
    const ones = { ...sample, images: { aolp: { ...sample.images.aolp!, values: new Float32Array(52 * 40 * 3).fill(1) } } };
    let filled = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { images, labels } = run(seed, 24, ones);
      labels.values.forEach((label, pixel) => {
        assert.ok(Math.abs(images.aolp!.values[pixel * 3]! - (label === ignoredLabel ? 0 : 1)) < 1e-6);
      });
      if (labels.values.at(-1) === ignoredLabel) filled++;
    }
    // Short sides of 12 to 48, of which those below 24 are filled up
    assert.ok(filled > 5 && filled < 25, `${filled}`);
  }); // prettier-ignore

  it('in evaluation keeps the middle of the longer side', () => {
    const even = mcubes.forEvaluation(sample, 40);
    assert.deepEqual([...even.labels.values.subarray(0, 3)], [6, 7, 8]);
    assert.deepEqual([even.labels.width, even.labels.height], [40, 40]);
    assert.equal(assertRegistered(even, 0), 1600);
    // Python rounds 3 / 2 and 5 / 2 to 2.
    for (const width of [43, 45]) {
      const odd = mcubes.forEvaluation(coordinates(['nir'], width, 40, false), 40);
      assert.equal(odd.labels.values[0], 2);
    }
    const smaller = mcubes.forEvaluation(sample, 20);
    assert.deepEqual([smaller.labels.width, smaller.labels.height], [20, 20]);
    assertRegistered(smaller, 1);
  });
});
