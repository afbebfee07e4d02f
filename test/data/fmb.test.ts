import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkFmb, loadFmb, type FmbOptions } from '../../src/data/fmb/fmb.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { assertSteady } from '../support/leaks.js';
import { difference, miniatureOf, stepOf, withCopyOf } from '../support/segmentation.js';

const load = (others: FmbOptions = {}, folder = miniatureOf('fmb')) =>
  loadFmb(folder, { size: { width: 32, height: 32 }, validationShare: 0.3, ...others });

describe('FMB', () => {
  it('has the splits of its folders and a part of training as validation', () => {
    const dataset = load();
    assert.deepEqual(dataset.modalities, ['rgb', 'infrared']);
    assert.deepEqual(dataset.splits, { train: [0, 1], validation: [2], test: [3] });
    const names = [0, 1, 2].map((sample) => dataset.nameOf(sample)).sort();
    assert.deepEqual(names, ['train/00001', 'train/00002', 'train/00003']);
    assert.equal(dataset.nameOf(3), 'test/00010');
    assert.equal(dataset.classes.length, 14);
    assert.equal(new Set(dataset.palette.map(String)).size, 14);
    assert.throws(() => load({ validation: 'list' }), /no list of validation/);
  });

  it('has infrared in three channels, divided by 255', async () => {
    // The images are 20 × 15 pixels; with a short side of 32 they become 43 × 32, and then 64 × 32.
    const dataset = load({ validation: 'test', modalities: ['infrared'] });
    assert.deepEqual(dataset.modalities, ['infrared']);
    await dataset.fetch([0]);
    const { inputs, labels } = dataset.labelled([0]);
    assert.deepEqual(labels.shape, [1, 32, 64]);
    const values = await inputs.infrared!.data();
    const expected = stepOf('fmb infrared').values;
    // The corner is the corner, whatever an image is resized to.
    assert.ok(difference(values.subarray(0, 3), Array.from(expected.subarray(0, 3), (byte) => byte / 255)).largest < 1e-6);
    for (let pixel = 0; pixel < values.length; pixel += 3) {
      assert.ok(values[pixel] === values[pixel + 1] && values[pixel] === values[pixel + 2]);
    }
    tf.dispose([inputs, labels]);
  }); // prettier-ignore

  it('augments in training, the same for the same seed, and keeps no tensors', async () => {
    const dataset = load();
    const drawn = async (seed: number) => {
      await dataset.fetch([0, 1]);
      const { inputs, labels } = dataset.labelled([0, 1], stream(seed, 'augmentation'));
      assert.deepEqual([inputs.rgb!.shape, labels.shape], [[2, 32, 32, 3], [2, 32, 32]]);
      const values = [...(await inputs.rgb!.data()), ...(await labels.data())];
      tf.dispose([inputs, labels]);
      return values;
    };
    assert.deepEqual(await drawn(1), await drawn(1));
    assert.notDeepEqual(await drawn(1), await drawn(2));
    await assertSteady(() => drawn(3));
  }); // prettier-ignore

  it('counts what is in it, and names what is not', async () => {
    const report = await checkFmb(miniatureOf('fmb'), { validationShare: 0.3 });
    assert.deepEqual(report.samples, { train: 2, validation: 1, test: 1 });
    assert.deepEqual(report.sizes, { '20 × 15': 4 });
    assert.equal(report.missing.count + report.damaged.count, 0);
    assert.ok(report.pixels.test.ignored! >= 1);
    await withCopyOf('fmb', async (folder) => {
      const infrared = path.join(folder, 'train', 'Infrared', '00002.png');
      const label = path.join(folder, 'test', 'Label', '00010.png');
      rmSync(infrared);
      writeFileSync(label, 'no PNG');
      const { missing, damaged } = await checkFmb(folder, { validationShare: 0.3 });
      assert.deepEqual(missing, { count: 1, first: [infrared] });
      assert.equal(damaged.count, 1);
      assert.ok(damaged.first[0]!.startsWith(`${label}: expected a whole PNG file`));
      rmSync(path.join(folder, 'test', 'Visible'), { recursive: true });
      assert.throws(() => load({}, folder), /no such file.*Visible/);
    });
  });
});
