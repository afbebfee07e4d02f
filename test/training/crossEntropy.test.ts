/** Cross-entropy, of all labels and of the hard ones, against loops in double precision. */
import assert from 'node:assert/strict';
import type { StoredTensor } from '../../src/files/safetensors.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { crossEntropy } from '../../src/training/crossEntropy.js';
import { ohemCrossEntropy } from '../../src/training/ohem.js';
import { assertClose } from '../support/close.js';
import { assertSteady } from '../support/leaks.js';

type Loss = typeof crossEntropy;

/** Pixels, row by row. */
interface Pixels {
  readonly shape: readonly number[];
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly number[];
}

/** Pixels with random labels; the larger the bias, the easier they are. */
function randomPixels(seed: number, shape: number[], classes: number, bias: number): Pixels {
  const random = stream(seed, 'pixels');
  const labels = Array.from({ length: tf.util.sizeFromShape(shape) }, () =>
    Math.floor(random.uniform(0, classes)),
  );
  const logits = labels.map((label) =>
    Array.from({ length: classes }, (_, index) =>
      Math.fround(random.normal() + (index === label ? bias : 0)),
    ),
  );
  return { shape, logits, labels };
}

/** The same pixels, of which every n-th is ignored. */
const ignoring = (pixels: Pixels, every: number, ignored: number): Pixels => ({
  ...pixels,
  labels: pixels.labels.map((label, pixel) => (pixel % every === 0 ? ignored : label)),
});

interface Pixel {
  readonly index: number;
  readonly probabilities: readonly number[];
  readonly loss: number;
}

/** Mean loss of the pixels that are chosen among the valid ones, and its gradient. */
function reference(
  { logits, labels, shape }: Pixels,
  choose: (valid: readonly Pixel[]) => readonly Pixel[],
  ignored?: number,
): { loss: StoredTensor; gradient: StoredTensor } {
  const valid = logits.flatMap((row, index) => {
    if (labels[index] === ignored) return [];
    const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
    const probabilities = row.map((logit) => Math.exp(logit) / sum);
    return [{ index, probabilities, loss: -Math.log(probabilities[labels[index]!]!) }];
  });
  const chosen = choose(valid);
  const classes = logits[0]!.length;
  const values = new Float32Array(logits.length * classes);
  for (const { index, probabilities } of chosen) {
    probabilities.forEach((probability, name) => {
      const error = probability - (name === labels[index] ? 1 : 0);
      values[index * classes + name] = error / chosen.length;
    });
  }
  const total = chosen.reduce((sum, { loss }) => sum + loss, 0);
  return {
    loss: { shape: [], values: Float32Array.of(total / chosen.length) },
    gradient: { shape: [...shape, classes], values },
  };
}

/** DELIVER's choice. */
function hardest(valid: readonly Pixel[]): readonly Pixel[] {
  const least = Math.floor(valid.length / 16);
  const hard = valid.filter(({ loss }) => loss > -Math.log(0.7));
  if (hard.length >= least) return hard;
  return [...valid].sort((a, b) => b.loss - a.loss).slice(0, least);
}

const tensorsOf = ({ logits, labels, shape }: Pixels) => ({
  logits: tf.tensor(logits.flat(), [...shape, logits[0]!.length]),
  labels: tf.tensor([...labels], [...shape], 'int32'),
});

/** Value and gradient of a loss. */
function computed(loss: Loss, pixels: Pixels, ignoreIndex?: number) {
  const { logits, labels } = tensorsOf(pixels);
  const options = ignoreIndex === undefined ? {} : { ignoreIndex };
  const { value, grad } = tf.valueAndGrad((x: tf.Tensor) => loss(x, labels, options))(logits);
  return { loss: value, gradient: grad };
}

async function assertLike(
  loss: Loss,
  choose: (valid: readonly Pixel[]) => readonly Pixel[],
  pixels: Pixels,
  ignored?: number,
): Promise<void> {
  const found = computed(loss, pixels, ignored);
  const expected = reference(pixels, choose, ignored);
  await assertClose('loss', found.loss, expected.loss, 'layer');
  await assertClose('gradient', found.gradient, expected.gradient, 'layer');
}

/** That a loss and its gradient are exactly 0. */
async function assertNothing({ loss, gradient }: ReturnType<typeof computed>): Promise<void> {
  for (const tensor of [loss, gradient]) {
    assert.ok((await tensor.data()).every((value) => value === 0));
  }
}

for (const [name, loss, choose] of [
  ['crossEntropy', crossEntropy, (valid: readonly Pixel[]) => valid],
  ['ohemCrossEntropy', ohemCrossEntropy, hardest],
] as const) {
  describe(name, () => {
    it('of labels with any number of axes', async () => {
      for (const shape of [[40], [4, 10], [2, 4, 5], [2, 2, 2, 5]]) {
        await assertLike(loss, choose, randomPixels(1, shape, 6, 0.5));
      }
    });

    it('without the ignored label, be it a class, too large or negative', async () => {
      for (const ignored of [0, 3, 5, 255, -100]) {
        const pixels = ignoring(randomPixels(2, [2, 12, 10], 6, 1), 3, ignored);
        await assertLike(loss, choose, pixels, ignored);
      }
    });

    it('is 0 with a gradient of 0 where all labels are ignored', async () => {
      const pixels = ignoring(randomPixels(3, [2, 4, 5], 6, 0), 1, 255);
      await assertNothing(computed(loss, pixels, 255));
    });

    it('refuses labels of another shape or kind', () => {
      const { logits, labels } = tensorsOf(randomPixels(4, [2, 3], 4, 0));
      assert.throws(
        () => loss(logits, tf.reshape(labels, [6])),
        new RegExp(`${name}: logits must be \\[6, C\\], got \\[2, 3, 4\\]`),
      );
      assert.throws(
        () => loss(logits, tf.cast(labels, 'float32')),
        new RegExp(`${name}: labels must be int32, got float32`),
      );
    });

    it('keeps no tensor', async () => {
      const { logits, labels } = tensorsOf(ignoring(randomPixels(5, [2, 4, 5], 6, 1), 4, 255));
      await assertSteady(() => {
        const f = (x: tf.Tensor) => loss(x, labels, { ignoreIndex: 255 });
        tf.dispose(tf.valueAndGrad(f)(logits));
      });
    });
  });
}

describe('ohemCrossEntropy chooses', () => {
  const chosenOf = (pixels: Pixels) => {
    let chosen: readonly Pixel[] = [];
    reference(pixels, (valid) => (chosen = hardest(valid)), 255);
    return chosen;
  };

  it('the hard ones where there are enough, else a sixteenth of the valid ones', async () => {
    const counts: number[] = [];
    for (const bias of [0, 2, 4, 6, 7]) {
      const pixels = ignoring(randomPixels(6, [2, 30, 40], 5, bias), 5, 255);
      counts.push(chosenOf(pixels).length);
      await assertLike(ohemCrossEntropy, hardest, pixels, 255);
    }
    // 1920 are valid: at first many are hard, in the end fewer than 120.
    assert.ok(counts[0]! > counts[1]! && counts[1]! > 120, counts.join());
    assert.deepEqual(counts.slice(-2), [120, 120]);
  });

  it('no pixel where fewer than 16 are valid and none is hard', async () => {
    const pixels = randomPixels(7, [15], 4, 20);
    assert.equal(chosenOf(pixels).length, 0);
    await assertNothing(computed(ohemCrossEntropy, pixels, 255));
    // Of as many pixels as make one, but not of the valid ones.
    const ignored = ignoring(randomPixels(7, [3, 7], 4, 20), 3, 255);
    assert.equal(chosenOf(ignored).length, 0);
    await assertNothing(computed(ohemCrossEntropy, ignored, 255));
  });

  it('parts of equal pixels, so that the mean is that of as many as it should be', async () => {
    // 48 pixels give three places: one for the hardest, two for the four that come next and are equal.
    const row = (margin: number) => [margin, 0];
    const logits = Array.from({ length: 48 }, (_, pixel) =>
      row(pixel === 7 ? 1.5 : pixel % 12 === 0 ? 2 : 4),
    );
    const pixels = { shape: [48], logits, labels: logits.map(() => 0) };
    const { loss, gradient } = computed(ohemCrossEntropy, pixels);
    const own = (margin: number) => Math.log1p(Math.exp(-margin));
    const expected = (own(1.5) + 2 * own(2)) / 3;
    await assertClose('loss', loss, { shape: [], values: Float32Array.of(expected) }, 'layer');
    const slope = (margin: number) => 1 / (1 + Math.exp(margin));
    const values = logits.flatMap(([margin]) => {
      const weight = margin === 1.5 ? 1 / 3 : margin === 2 ? 2 / 4 / 3 : 0;
      return [-weight * slope(margin!), weight * slope(margin!)];
    });
    const shape = [48, 2];
    await assertClose('gradient', gradient, { shape, values: Float32Array.from(values) }, 'layer');
  });
});
