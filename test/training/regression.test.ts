import assert from 'node:assert/strict';
import { tf } from '../../src/tensor/tf.js';
import { l1Loss, smoothL1Loss } from '../../src/training/regression.js';
import { assertClose } from '../support/close.js';
import { assertSteady } from '../support/leaks.js';

const target = () => tf.tensor1d([1, 1, 1, 1]);
const predicted = () => tf.tensor1d([1, 1.25, 3, -1]);

const valuesOf = (...values: number[]) => ({
  shape: values.length === 1 ? [] : [values.length],
  values: Float32Array.from(values),
});

// That both follow PyTorch stands in trajectories.test.ts.
describe('l1Loss', () => {
  it('is the mean of the distances, and pulls by their sign', async () => {
    const f = (x: tf.Tensor) => l1Loss(target(), x);
    const { value, grad } = tf.valueAndGrad(f)(predicted());
    await assertClose('loss', value, valuesOf((0.25 + 2 + 2) / 4), 'layer');
    await assertClose('gradient', grad, valuesOf(0, 0.25, 0.25, -0.25), 'layer');
  });
});

describe('smoothL1Loss', () => {
  it('is quadratic below β and linear above', async () => {
    const f = (x: tf.Tensor) => smoothL1Loss(target(), x, 0.5);
    const { value, grad } = tf.valueAndGrad(f)(predicted());
    await assertClose('loss', value, valuesOf((0.25 ** 2 + 1.75 + 1.75) / 4), 'layer');
    await assertClose('gradient', grad, valuesOf(0, 0.125, 0.25, -0.25), 'layer');
  });

  it('refuses a β that is not above zero', () => {
    assert.throws(() => smoothL1Loss(target(), predicted(), 0), /beta must be above 0, got 0/);
  });
});

describe('losses of numbers', () => {
  const losses = { l1Loss, smoothL1: (a: tf.Tensor, b: tf.Tensor) => smoothL1Loss(a, b, 0.5) };

  for (const [name, loss] of Object.entries(losses)) {
    it(`${name} refuses what would be broadcast`, () => {
      assert.throws(
        () => loss(target(), tf.zeros([4, 1])),
        new RegExp(`${name}: predicted must be \\[4\\], got \\[4, 1\\]`),
      );
    });

    it(`${name} keeps no tensor`, async () => {
      const [a, b] = [target(), predicted()];
      await assertSteady(() => {
        tf.dispose(tf.valueAndGrad((x: tf.Tensor) => loss(a, x))(b));
      });
    });
  }
});
