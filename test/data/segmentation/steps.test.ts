import assert from 'node:assert/strict';
import { blur, gaussianKernel } from '../../../src/data/segmentation/blur.js';
import {
  adjustBrightness,
  adjustContrast,
  adjustSaturation,
} from '../../../src/data/segmentation/colour.js';
import { openCvKernel } from '../../../src/data/mcubes/transform.js';
import { writeNormalised } from '../../../src/data/segmentation/normalise.js';
import { crop, flip, pad } from '../../../src/data/segmentation/place.js';
import type { Raster } from '../../../src/data/segmentation/raster.js';
import { resizeBilinear, resizeNearest } from '../../../src/data/segmentation/resize.js';
import { difference, rasterOf, stepOf, stepsNamed } from '../../support/segmentation.js';

const image = rasterOf('image') as Raster<Uint8Array>;
const mask = rasterOf('mask');
const shares = { ...image, values: Float32Array.from(image.values, (byte) => byte / 255) };

const sizeIn = (name: string) => {
  const [, width, height] = /(\d+)x(\d+)$/.exec(name)!;
  return { width: Number(width), height: Number(height) };
};

const real: Raster = { ...image, values: Float32Array.from(image.values) };

/** Bytes may differ by one where the number before rounding is a half, as far as float32 tells, and only there. */
function assertBytes(change: (image: Raster) => Raster, name: string): void {
  const [actual, exact] = [change(image).values, change(real).values];
  const expected = stepOf(name).values;
  assert.ok(actual instanceof Uint8Array);
  assert.equal(actual.length, expected.length);
  actual.forEach((byte, index) => {
    if (byte === expected[index]) return;
    const fromHalf = Math.abs((exact[index]! % 1) - 0.5);
    const apart = Math.abs(byte - expected[index]!);
    assert.ok(
      apart === 1 && fromHalf < 1e-4,
      `${name}: ${byte}, ${expected[index]}, ${exact[index]}`,
    );
  });
}

function assertReal(actual: Raster, name: string): void {
  const { largest } = difference(actual.values, stepOf(name).values);
  assert.ok(largest <= 2e-6, `${name}: ${largest}`);
}

describe('steps of images', () => {
  for (const name of stepsNamed('torch bilinear')) {
    it(`resize bytes: ${name}`, () => {
      assertBytes((from) => resizeBilinear(from, sizeIn(name)), name);
    });
  }
  for (const name of stepsNamed('opencv bilinear')) {
    it(`resize real numbers: ${name}`, () => {
      assertReal(resizeBilinear(shares, sizeIn(name)), name);
    });
  }
  for (const rule of ['torch', 'opencv'] as const) {
    for (const name of stepsNamed(`${rule} nearest`)) {
      it(`resize labels: ${name}`, () => {
        const { values } = resizeNearest(mask, sizeIn(name), rule);
        assert.deepEqual(values, stepOf(name).values);
      });
    }
    for (const name of stepsNamed(`${rule} indices`)) {
      it(`find the nearest pixel: ${name}`, () => {
        const [from, to] = name.split(' ').slice(-2).map(Number) as [number, number];
        const values = Float32Array.from({ length: from }, (_, index) => index);
        const row = { width: from, height: 1, channels: 1, values };
        const resized = resizeNearest(row, { width: to, height: 1 }, rule);
        assert.deepEqual([...resized.values], [...stepOf(name).values]);
      });
    }
  }

  it('resize a part as it is in the whole', () => {
    const size = { width: 47, height: 22 };
    const window = { left: 5, top: 3, width: 20, height: 11 };
    for (const resize of [
      (part?: typeof window) => resizeBilinear(image, size, part),
      (part?: typeof window) => resizeNearest(image, size, 'torch', part),
      (part?: typeof window) => resizeNearest(image, size, 'opencv', part),
    ]) {
      assert.deepEqual(resize(window), crop(resize(), window));
    }
  });

  it('blur bytes: torch blur', () => {
    assertBytes((from) => blur(from, gaussianKernel(3, 0.8)), 'torch blur');
  });
  for (const name of stepsNamed('opencv blur')) {
    it(`blur real numbers: ${name}`, () => {
      assertReal(blur(shares, openCvKernel(Number(name.split(' ').at(-1)))), name);
    });
  }
  it('blur with σ = 0 changes nothing', () => {
    assert.deepEqual(blur(shares, openCvKernel(0)), shares);
  });
  it('blur images that are smaller than the kernel', () => {
    const one = { width: 1, height: 2, channels: 1, values: Float32Array.of(1, 3) };
    const { values } = blur(one, Float64Array.of(0.1, 0.2, 0.4, 0.2, 0.1));
    // Mirrored about its pixels: … 1 3 [1 3] 1 3 …
    assert.ok(difference(values, [0.6 * 1 + 0.4 * 3, 0.6 * 3 + 0.4 * 1]).largest < 1e-6);
  });

  const adjusting = {
    brightness: adjustBrightness,
    contrast: adjustContrast,
    saturation: adjustSaturation,
  };
  for (const [kind, adjust] of Object.entries(adjusting)) {
    for (const name of stepsNamed(`torch ${kind}`)) {
      it(`change colours: ${name}`, () => {
        assert.deepEqual(adjust(image, Number(name.split(' ').at(-1))).values, stepOf(name).values);
      });
    }
  }

  it('normalise colours as torchvision, and divide what is measured', () => {
    const target = new Float32Array(image.values.length + 1).fill(9);
    writeNormalised(image, { channels: [0, 1, 2], whole: 255, isColour: true }, target, 1);
    assert.equal(target[0], 9);
    const { largest } = difference(target.subarray(1), stepOf('torch normalised').values);
    assert.ok(largest < 1e-6, `${largest}`);
    const two = { width: 1, height: 1, channels: 2, values: Float32Array.of(0.25, -3) };
    const result = new Float32Array(3);
    writeNormalised(two, { channels: [0, 1, 0], whole: 1, isColour: false }, result, 0);
    assert.deepEqual([...result], [0.25, -3, 0.25]);
  });

  it('mirror, cut and fill up', () => {
    const small: Raster = {
      width: 3,
      height: 2,
      channels: 1,
      values: Uint8Array.of(1, 2, 3, 4, 5, 6),
    };
    assert.deepEqual([...flip(small).values], [3, 2, 1, 6, 5, 4]);
    assert.deepEqual(flip(flip(image)), image);
    const part = crop(small, { left: 1, top: 1, width: 2, height: 1 });
    assert.deepEqual([part.width, part.height, ...part.values], [2, 1, 5, 6]);
    const filled = pad(small, { width: 4, height: 3 }, 9);
    assert.deepEqual([...filled.values], [1, 2, 3, 9, 4, 5, 6, 9, 9, 9, 9, 9]);
  });
});
