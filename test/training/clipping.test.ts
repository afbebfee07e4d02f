import assert from 'node:assert/strict';
import { tf } from '../../src/tensor/tf.js';
import { clipByGlobalNorm, clipByValue } from '../../src/training/clipping.js';
import { assertClose } from '../support/close.js';
import { assertSteady } from '../support/leaks.js';

const gradients = () => ({ a: tf.tensor2d([[3, -0.5]]), b: tf.tensor1d([-4]) });

const row = (...values: number[]) => ({ shape: [1, 2], values: Float32Array.from(values) });
const single = (value: number) => ({ shape: [1], values: Float32Array.of(value) });

// That both follow PyTorch stands in trajectories.test.ts.
describe('clipping', () => {
  it('by value', async () => {
    const { a, b } = clipByValue(0.6)(gradients());
    await assertClose('a', a!, row(0.6, -0.5), 'layer');
    await assertClose('b', b!, single(-0.6), 'layer');
  });

  it('by the norm of all together, and only what is longer', async () => {
    const norm = Math.sqrt(9 + 0.25 + 16);
    const clipped = clipByGlobalNorm(2)(gradients());
    const factor = 2 / (norm + 1e-6);
    await assertClose('a', clipped.a!, row(3 * factor, -0.5 * factor), 'layer');
    await assertClose('b', clipped.b!, single(-4 * factor), 'layer');
    const whole = clipByGlobalNorm(6)(gradients());
    assert.deepEqual(await whole.a!.array(), [[3, -0.5]]);
    assert.deepEqual(await whole.b!.array(), [-4]);
  });

  it('leaves gradients of zero as they are', async () => {
    const { a } = clipByGlobalNorm(2)({ a: tf.zeros([3]) });
    assert.deepEqual(await a!.array(), [0, 0, 0]);
  });

  it('refuses a limit that is not above zero', () => {
    assert.throws(() => clipByValue(0), /clipByValue: the limit must be above 0, got 0/);
    assert.throws(() => clipByGlobalNorm(NaN), /clipByGlobalNorm: .* got NaN/);
  });

  it('keeps no tensor', async () => {
    for (const clip of [clipByValue(1), clipByGlobalNorm(1)]) {
      await assertSteady(() => {
        const before = gradients();
        tf.dispose([before, clip(before)]);
      });
    }
  });
});
