import assert from 'node:assert/strict';
import { tf } from '../../src/tensor/tf.js';
import { constant, warmupLinear, warmupPolynomial } from '../../src/training/schedule.js';
import { assertClose } from '../support/close.js';
import { TorchFixture } from '../support/fixtures.js';

describe('warmupPolynomial', () => {
  it('gives the rates that PyTorch was given', async () => {
    const torch = new TorchFixture('adamw');
    const steps = 25;
    const rate = warmupPolynomial({ peak: 0.01, warmupSteps: 8, totalSteps: steps });
    const rates = tf.tensor1d(Array.from({ length: steps }, (_, step) => rate(step)));
    await assertClose('rates', rates, torch.stored('rates'), 'layer');
  });

  it('starts at a tenth, peaks after the warm-up and ends at zero', () => {
    const rate = warmupPolynomial({ peak: 2, warmupSteps: 10, totalSteps: 110 });
    assert.equal(rate(0), 0.2);
    assert.equal(rate(10), 2);
    assert.equal(rate(60), 2 * 0.5 ** 0.9);
    assert.equal(rate(110), 0);
    assert.equal(rate(500), 0);
  });

  it('refuses a warm-up longer than the training', () => {
    assert.throws(
      () => warmupPolynomial({ peak: 1, warmupSteps: 10, totalSteps: 10 }),
      /warmupSteps must be in 0 … 9, got 10/,
    );
  });
});

describe('warmupLinear', () => {
  it('starts at zero, peaks after the warm-up and ends at zero', () => {
    const rate = warmupLinear({ peak: 2, warmupSteps: 10, totalSteps: 110 });
    assert.deepEqual([0, 5, 10, 60, 110, 500].map(rate), [0, 1, 2, 1, 0, 0]);
  });
});

describe('constant', () => {
  it('is the same at every step', () => {
    assert.deepEqual([0, 1, 1000].map(constant(0.01)), [0.01, 0.01, 0.01]);
  });
});
