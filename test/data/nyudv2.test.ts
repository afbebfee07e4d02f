import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ignoredLabel } from '../../src/data/dataset.js';
import { checkNyudv2, loadNyudv2, type Nyudv2Options } from '../../src/data/nyudv2/nyudv2.js';
import { readColours, readMeasured } from '../../src/data/segmentation/read.js';
import { readJson } from '../../src/files/json.js';
import { decodePngNumbers } from '../../src/files/png.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { assertSteady } from '../support/leaks.js';
import {
  difference,
  miniatureOf,
  realNyudv2,
  segmentationFixtures,
  stepOf,
  withCopyOf,
} from '../support/segmentation.js';
import { skip } from '../support/skip.js';

const size = { width: 32, height: 32 };
const load = (others: Nyudv2Options = {}, folder = miniatureOf('nyudv2')) =>
  loadNyudv2(folder, { size, validationShare: 0.25, ...others });

describe('NYUDv2', () => {
  it('has a part of training as validation, or the test set as the reference', () => {
    const dataset = load();
    assert.deepEqual(dataset.modalities, ['rgb', 'hha']);
    assert.deepEqual(dataset.splits, { train: [0, 1, 2], validation: [3], test: [4, 5] });
    const names = [0, 1, 2, 3].map((sample) => dataset.nameOf(sample));
    assert.deepEqual(names.sort(), ['1', '2', '3', '5']);
    assert.equal(dataset.classes.length, 40);
    assert.equal(new Set(dataset.palette.map(String)).size, 40);
    const reference = load({ validation: 'test' });
    assert.deepEqual(reference.splits, { train: [0, 1, 2, 3], validation: [4, 5], test: [6, 7] });
    assert.equal(reference.nameOf(4), reference.nameOf(6));
  });

  it('turns label numbers into classes: 0 and 255 into none, and the others one less', async () => {
    // 20 × 16 pixels become 32 × 32 in evaluation.
    const dataset = load({ validation: 'test', size: { width: 20, height: 16 } });
    await dataset.fetch([0]);
    const { inputs, labels } = dataset.labelled([0]);
    assert.deepEqual(labels.shape, [1, 32, 32]);
    assert.equal(dataset.nameOf(0), '1');
    const numbers = stepOf('nyudv2 labels').values;
    const values = await labels.data();
    for (const [row, column] of [[0, 0], [0, 31], [7, 9], [31, 31]] as const) {
      const number = numbers[Math.floor(row / 2) * 20 + Math.floor((column * 20) / 32)]!;
      assert.equal(values[row * 32 + column], number === 0 ? ignoredLabel : number - 1);
    }
    assert.deepEqual([inputs.rgb!.shape, inputs.hha!.shape], [[1, 32, 32, 3], [1, 32, 32, 3]]);
    const hha = await inputs.hha!.data();
    assert.ok(hha.every((value) => value >= 0 && value <= 1));
    assert.ok((await inputs.rgb!.data()).some((value) => value < -1));
    tf.dispose([inputs, labels]);
  }); // prettier-ignore

  it('augments in training, the same for the same seed, and keeps no tensors', async () => {
    const dataset = load();
    const drawn = async (seed: number) => {
      await dataset.fetch([0, 1, 2]);
      const { inputs, labels } = dataset.labelled([0, 1, 2], stream(seed, 'augmentation'));
      assert.deepEqual([inputs.rgb!.shape, labels.shape], [[3, 32, 32, 3], [3, 32, 32]]);
      const values = [...(await inputs.rgb!.data()), ...(await labels.data())];
      tf.dispose([inputs, labels]);
      return values;
    };
    assert.deepEqual(await drawn(1), await drawn(1));
    assert.notDeepEqual(await drawn(1), await drawn(2));
    await assertSteady(() => drawn(3));
  }); // prettier-ignore

  it('counts what is in it, depth too where it is asked for', async () => {
    const report = await checkNyudv2(miniatureOf('nyudv2'), { validationShare: 0.25, depth: true });
    assert.deepEqual(report.samples, { train: 3, validation: 1, test: 2 });
    assert.deepEqual(report.sizes, { '20 × 16': 6 });
    assert.equal(report.missing.count + report.damaged.count, 0);
    const [least, most] = report.ranges.depth!;
    assert.ok(least >= 0.7 && least < 0.8 && most > 9.8 && most <= 9.9);
    const counts = Object.values(report.pixels.test);
    assert.equal(counts.reduce((sum, count) => sum + count, 0), 2 * 320);
    await withCopyOf('nyudv2', async (folder) => {
      rmSync(path.join(folder, 'Depth'), { recursive: true });
      const without = await checkNyudv2(folder, { validationShare: 0.25 });
      assert.equal(without.missing.count, 0);
      assert.deepEqual(Object.keys(without.ranges), ['rgb', 'hha']);
      const missing = await checkNyudv2(folder, { validationShare: 0.25, depth: true });
      assert.equal(missing.missing.count, 6);
      assert.match(missing.missing.first[0]!, /Depth.*\.npy$/);
    });
  }); // prettier-ignore

  it('reads depth that lies in columns', async () => {
    const { values } = await readMeasured(path.join(miniatureOf('nyudv2'), 'Depth', '1.npy'));
    assert.deepEqual(values, stepOf('nyudv2 depth').values);
  });

  it('names a damaged picture', async () => {
    await withCopyOf('nyudv2', async (folder) => {
      const file = path.join(folder, 'HHA', '1.jpg');
      writeFileSync(file, readFileSync(file).subarray(0, 300));
      const dataset = load({ validation: 'test' }, folder);
      await assert.rejects(
        dataset.fetch([0]),
        /HHA.1\.jpg: expected a whole JPEG picture, got 300/,
      );
    });
  });
});

const place = z.array(z.number());
const picture = z.object({ shape: place, sha256: z.string(), at: z.array(place) });
const frameSchema = z.object({
  histogram: place,
  places: z.array(place),
  RGB: picture,
  HHA: picture,
  Label: z.object({ sha256: z.string(), at: place }),
  Depth: z.object({
    shape: place,
    sum: z.number(),
    min: z.number(),
    max: z.number(),
    at: place,
  }),
});

describe('the real frame of NYUDv2', () => {
  /** What Pillow and NumPy say of it, by make_segmentation.py */
  const frame = readJson(path.join(segmentationFixtures, 'frame.json'), frameSchema);
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  before(function () {
    if (!existsSync(realNyudv2)) skip(this, `${realNyudv2} is not there`);
  });

  for (const part of ['RGB', 'HHA'] as const) {
    it(`has the pixels of Pillow: ${part}`, async () => {
      const { width, height, values } = await readColours(path.join(realNyudv2, part, '0.jpg'));
      assert.deepEqual([height, width, 3], frame[part].shape);
      frame.places.forEach(([row, column], index) => {
        const start = (row! * width + column!) * 3;
        assert.deepEqual([...values.subarray(start, start + 3)], frame[part].at[index]);
      });
      assert.equal(sha256(values), frame[part].sha256);
    });
  }

  it('has the label indices of Pillow, and their histogram', async () => {
    const file = path.join(realNyudv2, 'Label', '0.png');
    const { values } = await decodePngNumbers(readFileSync(file), file);
    assert.equal(sha256(values), frame.Label.sha256);
    const histogram = new Array<number>(41).fill(0);
    for (const value of values) histogram[value]! += 1;
    assert.deepEqual(histogram, frame.histogram);
  });

  it('has the depth of NumPy, in Fortran order', async () => {
    const { width, height, values } = await readMeasured(path.join(realNyudv2, 'Depth', '0.npy'));
    assert.deepEqual([height, width], frame.Depth.shape);
    frame.places.forEach(([row, column], index) => {
      assert.equal(values[row! * width + column!], frame.Depth.at[index]);
    });
    const { sum, min, max } = frame.Depth;
    const total = values.reduce((before, value) => before + value, 0);
    assert.ok(Math.abs(total - sum) < 1e-6 * sum);
    const sorted = values.slice().sort();
    assert.deepEqual([sorted[0], sorted.at(-1)], [min, max]);
  });

  it('is evaluated at its own size, and counted', async () => {
    const folder = makeFolder();
    try {
      for (const part of ['RGB', 'HHA', 'Label', 'Depth']) {
        cpSync(path.join(realNyudv2, part), path.join(folder, part), { recursive: true });
      }
      // The only frame that is there is one of the test set.
      writeFileSync(path.join(folder, 'test.txt'), 'RGB/0.jpg\tLabel/0.png\n');
      writeFileSync(path.join(folder, 'train.txt'), 'RGB/2.jpg\tLabel/2.png\n');
      const dataset = loadNyudv2(folder, { validation: 'test' });
      const [sample] = dataset.splits.test;
      await dataset.fetch([sample!]);
      const { inputs, labels } = dataset.labelled([sample!]);
      assert.deepEqual([inputs.rgb!.shape, labels.shape], [[1, 480, 640, 3], [1, 480, 640]]);
      const [row, column] = frame.places[2] as [number, number];
      const pixel = await inputs.hha!.slice([0, row, column], [1, 1, 1]).data();
      assert.ok(difference(pixel, frame.HHA.at[2]!.map((byte) => byte / 255)).largest < 1e-6);
      tf.dispose([inputs, labels]);
      const report = await checkNyudv2(folder, { validation: 'test', depth: true });
      assert.deepEqual(report.sizes, { '640 × 480': 2 });
      assert.equal(report.missing.count, 4);
      assert.equal(report.pixels.test.ignored, frame.histogram[0]);
      dataset.classes.forEach((name, label) => {
        assert.equal(report.pixels.test[name], frame.histogram[label + 1]);
      });
    } finally {
      removeFolder(folder);
    }
  }); // prettier-ignore
});
