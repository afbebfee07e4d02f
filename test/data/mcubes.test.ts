import assert from 'node:assert/strict';
import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { NotFetched } from '../../src/data/dataset.js';
import { checkMcubes, loadMcubes, type McubesOptions } from '../../src/data/mcubes/mcubes.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { assertSteady } from '../support/leaks.js';
import { difference, miniatureOf, stepOf, withCopyOf } from '../support/segmentation.js';

/** 12 × 20 pixels, of which 4 columns are cut off; evaluated at 12 × 12 of the remaining 16 columns. */
const options: McubesOptions = { size: 8, evaluationSize: 12, cutColumns: 4 };
const load = (others: McubesOptions = {}, folder = miniatureOf('mcubes')) =>
  loadMcubes(folder, { ...options, ...others });

const imageNet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/** Numbers of rows of 20, without the 4 columns that are cut off and the 2 beside the middle on either side */
const middle = (values: ArrayLike<number>, channels: number) =>
  Array.from(values).filter((_, index) => {
    const column = Math.floor(index / channels) % 20;
    return column >= 6 && column < 18;
  });

describe('MCubeS', () => {
  it('has the splits of its lists, modalities in order, 20 classes with a colour each', () => {
    const dataset = load();
    assert.deepEqual(dataset.modalities, ['image', 'aolp', 'dolp', 'nir']);
    assert.deepEqual(dataset.splits, { train: [0, 1, 2], validation: [3], test: [4] });
    assert.equal(dataset.nameOf(3), 'scene2_0001');
    assert.equal(dataset.classes.length, 20);
    assert.equal(new Set(dataset.palette.map(String)).size, 20);
    const reference = load({ validation: 'test' });
    assert.deepEqual(reference.splits, { train: [0, 1, 2], validation: [3], test: [4] });
    assert.equal(reference.nameOf(3), reference.nameOf(4));
    const fromTraining = load({ validation: 'train', validationShare: 0.3 });
    assert.deepEqual(fromTraining.splits, { train: [0, 1], validation: [2], test: [3] });
  });

  it('reads 16 bits and 8 as OpenCV does, and normalises colours alone', async () => {
    const dataset = load();
    await dataset.fetch([0]);
    const { inputs, labels } = dataset.labelled([0]);
    const image = middle(stepOf('mcubes image').values, 3).map((value, index) => {
      const channel = index % 3;
      return (value - imageNet.mean[channel]!) / imageNet.deviation[channel]!;
    });
    assert.deepEqual(inputs.image!.shape, [1, 12, 12, 3]);
    assert.ok(difference(await inputs.image!.data(), image).largest < 1e-5);
    const nir = middle(stepOf('mcubes nir').values, 1).flatMap((value) => [value, value, value]);
    assert.ok(difference(await inputs.nir!.data(), nir).largest < 1e-6);
    assert.deepEqual([...(await labels.data())], middle(stepOf('mcubes labels').values, 1));
    assert.equal(labels.dtype, 'int32');
    tf.dispose([inputs, labels]);

    await dataset.fetch([1]);
    const second = dataset.inputs([1]);
    const dolp = middle(stepOf('mcubes dolp').values, 1).flatMap((value) => [value, value, value]);
    assert.ok(difference(await second.dolp!.data(), dolp).largest < 1e-6);
    const eight = middle(stepOf('mcubes 8 bits').values, 3).map(
      (value, index) => (value - imageNet.mean[index % 3]!) / imageNet.deviation[index % 3]!,
    );
    assert.ok(difference(await second.image!.data(), eight).largest < 1e-5);
    const aolp = await second.aolp!.data();
    assert.equal(aolp[0], aolp[2]);
    assert.notEqual(aolp[0], aolp[1]);
    tf.dispose(second);
  });

  it('gives modalities that are asked for, in its own order', async () => {
    const dataset = load({ modalities: ['nir', 'image'] });
    assert.deepEqual(dataset.modalities, ['image', 'nir']);
    await dataset.fetch([0]);
    const inputs = dataset.inputs([0]);
    assert.deepEqual(Object.keys(inputs), ['image', 'nir']);
    tf.dispose(inputs);
    assert.throws(() => load({ modalities: ['rgb'] }), /no modality "rgb"; there are image, aolp/);
    assert.throws(() => load({ modalities: [] }), /modalities must name some of image, aolp/);
    assert.throws(() => load({ size: 7.5 }), /size must be a whole number of at least 2, got 7.5/);
  });

  it('augments in training, the same for the same seed, and keeps no tensors', async () => {
    const dataset = load();
    const drawn = async (seed: number) => {
      await dataset.fetch([0, 2]);
      const { inputs, labels } = dataset.labelled([0, 2], stream(seed, 'augmentation'));
      assert.deepEqual(inputs.aolp!.shape, [2, 8, 8, 3]);
      assert.deepEqual(labels.shape, [2, 8, 8]);
      const values = [...(await inputs.image!.data()), ...(await labels.data())];
      tf.dispose([inputs, labels]);
      return values;
    };
    assert.deepEqual(await drawn(1), await drawn(1));
    assert.notDeepEqual(await drawn(1), await drawn(2));
    await assertSteady(() => drawn(3));
    assert.equal(dataset.samplesKept, 0);
  });

  it('has to be fetched, once for each use', async () => {
    const dataset = load({ samplesKept: 2 });
    assert.throws(() => dataset.inputs([1]), /sample 1, scene1_0002, was not fetched/);
    await dataset.fetch([0, 1]);
    await assert.rejects(dataset.fetch([2]), NotFetched);
    dataset.forget([0, 1]);
    assert.equal(dataset.samplesKept, 0);
    await assert.rejects(dataset.fetch([9]), /mcubes: no sample 9; there are 5/);
    assert.throws(() => dataset.inputs([]), /expected some samples, got none/);
  });

  it('counts what is in it', async () => {
    const report = await checkMcubes(miniatureOf('mcubes'), options);
    assert.deepEqual(report.samples, { train: 3, validation: 1, test: 1 });
    assert.deepEqual(report.sizes, { '16 × 12': 5 });
    assert.deepEqual(report.missing, { count: 0, first: [] });
    assert.deepEqual(report.damaged, { count: 0, first: [] });
    const { train } = report.pixels;
    assert.equal(train.ignored, 3 * 5);
    assert.equal(
      Object.values(train).reduce((sum, count) => sum + count, 0),
      3 * 16 * 12,
    );
    const [least, most] = report.ranges.image!;
    assert.ok(least >= 0 && least < 0.05 && most > 0.95 && most <= 1);
    assert.ok(report.ranges.dolp![0] < 0);
  });

  const name = 'scene1_0001';
  const damages: readonly (readonly [string, string, (file: string) => unknown, RegExp])[] = [
    ['a truncated .npy', `polL_dolp/${name}.npy`, (file) => { truncateSync(file, 500); }, /is truncated/],
    ['another .npy', `polL_aolp_sin/${name}.npy`, (file) => { writeFileSync(file, 'text'); }, /expected it to begin with/],
    ['a truncated PNG', `polL_color/${name}.png`, (file) => { truncateSync(file, 300); }, /expected a whole picture, got 300 bytes that cannot be decoded/],
    ['a truncated label', `GT/${name}.png`, (file) => { truncateSync(file, 100); }, /it is truncated/],
    ['a missing file', `NIR_warped/${name}.png`, (file) => { rmSync(file); }, /no such file/],
    ['another size', `NIR_warped/${name}.png`, (file) => grey(20, 13).toFile(file), /20 × 13 pixels, expected 20 × 12 as .*GT.*png has/],
    ['colours in place of grey', `NIR_warped/${name}.png`, (file) => grey(20, 12).toColourspace('srgb').toFile(file), /expected 1 channels, got 3/],
    ['a label out of range', `GT/${name}.png`, (file) => grey(20, 12, 20).toFile(file), /row 0, column 0 has the label 20, expected 0 … 19 or 255/],
    ['a value that is no number', `polL_dolp/${name}.npy`, (file) => { writeNaN(file); }, /row 0, column 3 is NaN, expected a finite number/],
  ]; // prettier-ignore
  for (const [what, file, damage, message] of damages) {
    it(`names a file with ${what}`, async () => {
      await withCopyOf('mcubes', async (folder) => {
        const whole = path.join(folder, file);
        await damage(whole);
        const dataset = load({}, folder);
        await assert.rejects(dataset.fetch([1, 0]), (error: Error) => {
          assert.ok(error instanceof NotFetched);
          assert.ok(error.message.includes(whole), error.message);
          assert.match(error.message, message);
          return true;
        });
        assert.equal(dataset.samplesKept, 0);
        const { missing, damaged } = await checkMcubes(folder, options);
        assert.equal(missing.count + damaged.count, 1);
        assert.ok([...missing.first, ...damaged.first][0]!.includes(whole));
      });
    });
  }

  it('names its lists', async () => {
    await withCopyOf('mcubes', (folder) => {
      const list = path.join(folder, 'list_folder', 'test.txt');
      writeFileSync(list, 'scene3_0001\n\nscene3_0002\n');
      assert.throws(() => load({}, folder), /test\.txt, line 2: .* got nothing/);
      writeFileSync(list, 'scene1_0001\n');
      assert.throws(() => load({}, folder), /scene1_0001 is in train and again in test/);
      rmSync(list);
      assert.throws(() => load({}, folder), /no such file.*test\.txt/);
    });
  });

  it('is refused where all columns would be cut off', async () => {
    await assert.rejects(
      load({ cutColumns: 192 }).fetch([0]),
      /20 columns, expected more than the 192/,
    );
  });
});

const grey = (width: number, height: number, value = 0) =>
  sharp(Buffer.alloc(width * height, value), { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .png();

/** The fourth number of an array of float32 */
function writeNaN(file: string): void {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (12, 20), }";
  const values = new Float32Array(240);
  values[3] = NaN;
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  writeFileSync(file, Buffer.concat([start, Buffer.from(header), Buffer.from(values.buffer)]));
}
