import assert from 'node:assert/strict';
import { sceneClasses, scenePalette } from '../../../src/data/scenes/classes.js';
import { modalityPicture } from '../../../src/data/scenes/pictures.js';
import { sceneModalities } from '../../../src/data/scenes/render.js';
import { generateScenes } from '../../../src/data/scenes/scenes.js';
import { stream } from '../../../src/tensor/random.js';
import { tf } from '../../../src/tensor/tf.js';
import { assertSteady } from '../../support/leaks.js';

const few = { train: 6, validation: 3, test: 3 };
const scenes = generateScenes({ scenes: few });

/** Values by modality, and labels; disposes of the tensors. */
async function valuesOf({ inputs, labels }: ReturnType<typeof scenes.labelled>) {
  const entries = await Promise.all(
    [...Object.entries(inputs), ['labels', labels] as const].map(
      async ([name, tensor]) => [name, await tensor.data()] as const,
    ),
  );
  tf.dispose([inputs, labels]);
  return Object.fromEntries(entries);
}

describe('synthetic scenes', () => {
  it('are float32 images by modality with int32 labels, of any shape of 32s', () => {
    for (const [height, width] of [
      [64, 64],
      [64, 96],
      [128, 128],
      [32, 32],
    ] as const) {
      const dataset = generateScenes({ height, width, scenes: few });
      const { inputs, labels } = dataset.labelled([0, 7]);
      assert.deepEqual(Object.keys(inputs), sceneModalities);
      for (const tensor of Object.values(inputs)) {
        assert.deepEqual(tensor.shape, [2, height, width, 3]);
        assert.equal(tensor.dtype, 'float32');
      }
      assert.deepEqual(labels.shape, [2, height, width]);
      assert.equal(labels.dtype, 'int32');
      tf.dispose([inputs, labels]);
    }
  });

  it('are 600, 100 and 200 by default, and in one split each', () => {
    const { splits, classes, task } = generateScenes();
    assert.deepEqual(
      [splits.train.length, splits.validation.length, splits.test.length],
      [600, 100, 200],
    );
    assert.equal(new Set([...splits.train, ...splits.validation, ...splits.test]).size, 900);
    assert.deepEqual(classes, sceneClasses);
    assert.equal(task, 'segmentation');
  });

  it('depend on the seed and on their own number, not on counts, order or other modalities', () => {
    const more = generateScenes({
      scenes: { train: 50, validation: 9, test: 8 },
      modalities: ['thermal', 'rgb'],
    });
    const again = (split: 'train' | 'validation' | 'test', index: number) => {
      assert.deepEqual(
        more.picturesOf(more.splits[split][index]!),
        scenes.picturesOf(scenes.splits[split][index]!),
      );
    };
    again('test', 2);
    again('train', 4);
    again('validation', 0);
    const other = generateScenes({ seed: 2, scenes: few });
    assert.notDeepEqual(other.picturesOf(0).rgb, scenes.picturesOf(0).rgb);
    assert.notDeepEqual(other.picturesOf(0).labels, scenes.picturesOf(0).labels);
  });

  it('are all different, across splits too', () => {
    const maps = Object.values(scenes.splits)
      .flat()
      .map((sample) => scenes.picturesOf(sample).labels.join());
    assert.equal(new Set(maps).size, 12);
  });

  it('are rendered once', () => {
    assert.equal(scenes.picturesOf(1), scenes.picturesOf(1));
  });

  it('are normalised as the reference does: rgb by ImageNet, others from 0 to 1', async () => {
    const values = await valuesOf(scenes.labelled([2]));
    const pictures = scenes.picturesOf(2);
    const deviations = [0.229, 0.224, 0.225];
    [0.485, 0.456, 0.406].forEach((mean, channel) => {
      for (let at = channel; at < 3000; at += 3) {
        const expected = (pictures.rgb[at]! / 255 - mean) / deviations[channel]!;
        assert.ok(Math.abs(values.rgb![at]! - expected) < 1e-5);
        assert.ok(Math.abs(values.polarisation![at]! - pictures.polarisation[at]! / 255) < 1e-6);
        for (const name of ['depth', 'thermal'] as const) {
          const byte = pictures[name][Math.floor(at / 3)]!;
          assert.ok(Math.abs(values[name]![at]! - byte / 255) < 1e-6);
        }
      }
    });
    assert.deepEqual(Array.from(values.labels!), Array.from(pictures.labels));
  });

  it('have the modalities that are asked for, in that order', () => {
    const dataset = generateScenes({ scenes: few, modalities: ['thermal', 'rgb'] });
    const inputs = dataset.inputs([0]);
    assert.deepEqual(dataset.modalities, ['thermal', 'rgb']);
    assert.deepEqual(Object.keys(inputs), ['thermal', 'rgb']);
    tf.dispose(inputs);
  });

  it('are flipped as a whole in training, angles too, and not in evaluation', async () => {
    const samples = [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5];
    const plain = await valuesOf(scenes.labelled(samples));
    const drawn = await valuesOf(scenes.labelled(samples, stream(1, 'flips')));
    assert.deepEqual(await valuesOf(scenes.labelled(samples, stream(1, 'flips'))), drawn);
    const pixels = 64 * 64;
    let flipped = 0;
    samples.forEach((_, place) => {
      const labels = (of: typeof plain, column: (own: number) => number) =>
        Array.from({ length: pixels }, (_pixel, at) => {
          const from = at - (at % 64) + column(at % 64);
          return of.labels![place * pixels + from]!;
        }).join();
      const isFlipped = labels(drawn, (own) => own) !== labels(plain, (own) => own);
      if (isFlipped) flipped++;
      const mirror = (own: number) => (isFlipped ? 63 - own : own);
      assert.equal(
        labels(drawn, (own) => own),
        labels(plain, mirror),
      );
      for (const name of sceneModalities) {
        for (let at = 0; at < pixels; at += 7) {
          for (let channel = 0; channel < 3; channel++) {
            const from = at - (at % 64) + mirror(at % 64);
            const before = plain[name]![3 * (place * pixels + from) + channel]!;
            const turned = isFlipped && name === 'polarisation' && channel === 1;
            const expected = turned ? 1 - before : before;
            const value = drawn[name]![3 * (place * pixels + at) + channel]!;
            assert.ok(Math.abs(value - expected) < 1e-6, `${name} of ${place}: ${value}`);
          }
        }
      }
    });
    assert.ok(flipped > 0 && flipped < samples.length, `${flipped} flipped`);
  });

  it('are mirrored afterwards as in training', async () => {
    const samples = [0, 1, 2, 3, 4, 5];
    const { inputs, labels } = scenes.labelled(samples);
    const mirrored = await valuesOf({ inputs: scenes.mirrored(inputs), labels: labels.clone() });
    const plain = await valuesOf({ inputs, labels });
    const drawn = await valuesOf(scenes.labelled(samples, stream(1, 'flips')));
    const random = stream(1, 'flips');
    samples.forEach((_, place) => {
      const expected = random.uniform() < 0.5 ? mirrored : plain;
      for (const name of sceneModalities) {
        const own = (values: typeof plain) =>
          values[name]!.slice(3 * 64 * 64 * place, 3 * 64 * 64 * (place + 1));
        const [actual, wanted] = [own(drawn), own(expected)];
        for (let at = 0; at < wanted.length; at++) {
          const error = Math.abs(actual[at]! - wanted[at]!);
          assert.ok(error < 1e-6, `${name} of ${place} at ${at}: ${error}`);
        }
      }
    });
  });

  it('leave no tensors behind', async () => {
    await assertSteady(() => {
      const { inputs, labels } = scenes.labelled([0, 1], stream(1, 'flips'));
      tf.dispose([inputs, labels, scenes.mirrored(inputs)]);
    });
  });

  it('say by their name of what shape and seed they are', () => {
    const { name } = generateScenes({ height: 32, width: 96, seed: 7, scenes: few });
    assert.equal(name, 'synthetic scenes (32×96, seed 7)');
  });

  it('refuse options and samples that cannot be', () => {
    assert.throws(() => generateScenes({ width: 50 }), {
      message: 'generateScenes: width must be 32, 64, 96, …, got 50',
    });
    assert.throws(() => generateScenes({ scenes: { test: 0 } }), {
      message: 'generateScenes: scenes.test must be 1, 2, …, got 0',
    });
    assert.throws(() => generateScenes({ modalities: ['sound' as 'rgb'] }), {
      message:
        'generateScenes: modalities must be some of rgb, depth, thermal, polarisation, got sound',
    });
    assert.throws(() => generateScenes({ modalities: [] }), /, got none$/);
    assert.throws(
      () => generateScenes({ modalities: ['rgb', 'rgb'] }),
      /must differ, got rgb, rgb/,
    );
    for (const sample of [-1, 12, 1.5]) {
      assert.throws(() => scenes.inputs([sample]), {
        message: `synthetic scenes (64×64, seed 1): no sample ${sample}; there are 12`,
      });
    }
  });

  it('can be looked at', () => {
    const scene = scenes.picturesOf(0);
    for (const name of sceneModalities) {
      const { height, width, pixels } = modalityPicture(scene, name);
      assert.deepEqual([height, width, pixels.length], [64, 64, 3 * 64 * 64]);
      assert.ok(new Set(pixels).size > 20, name);
    }
    assert.deepEqual(modalityPicture(scene, 'rgb').pixels, scene.rgb);
    assert.equal(new Set(scenePalette.map(String)).size, sceneClasses.length);
  });
});
