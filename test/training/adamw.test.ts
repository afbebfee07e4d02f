import assert from 'node:assert/strict';
import { Parameters, zeros } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { AdamW } from '../../src/training/adamw.js';
import { warmupPolynomial } from '../../src/training/schedule.js';
import { assertClose } from '../support/close.js';
import { TorchFixture } from '../support/fixtures.js';
import { assertSteady } from '../support/leaks.js';

const torch = new TorchFixture('adamw');
const steps = 25;
const options = { betas: [0.9, 0.98], epsilon: 1e-8, weightDecay: 0.02 } as const;
const names = ['matrix', 'vector'];

function madeParameters(): Parameters {
  const parameters = new Parameters(1);
  parameters.add('matrix', [4, 3], zeros);
  parameters.add('vector', [5], zeros);
  parameters.load(new Map(names.map((name) => [name, torch.stored(`${name}.0`) as never])));
  return parameters;
}

describe('AdamW', () => {
  it('follows PyTorch over 25 steps, decay and schedule included', async () => {
    const parameters = madeParameters();
    const optimiser = new AdamW([{ parameters }], options);
    const rate = warmupPolynomial({ peak: 0.01, warmupSteps: 8, totalSteps: steps });
    for (let step = 0; step < steps; step++) {
      const gradients = Object.fromEntries(
        names.map((name) => [parameters.get(name).name, torch.tensor(`${name}.gradient.${step}`)]),
      );
      optimiser.step(gradients, rate(step));
      tf.dispose(gradients);
      for (const name of names) {
        const expected = torch.stored(`${name}.${step + 1}`);
        await assertClose(
          `${name} after step ${step + 1}`,
          parameters.get(name),
          expected,
          'optimiser',
        );
      }
    }
  });

  it('leaves what has no gradient alone, and counts its steps apart, like PyTorch', async () => {
    const interrupted = new TorchFixture('adamw_interrupted');
    const parameters = madeParameters();
    const start = names.map((name) => [name, interrupted.stored(`${name}.0`) as never] as const);
    parameters.load(new Map(start));
    const optimiser = new AdamW([{ parameters }], options);
    for (let step = 0; step < 10; step++) {
      const present = names.filter((name) => interrupted.tensors.has(`${name}.gradient.${step}`));
      const gradients = Object.fromEntries(
        present.map((name) => [
          parameters.get(name).name,
          interrupted.tensor(`${name}.gradient.${step}`),
        ]),
      );
      optimiser.step(gradients, 0.01);
      for (const name of names) {
        const expected = interrupted.stored(`${name}.${step + 1}`);
        await assertClose(
          `${name} after step ${step + 1}`,
          parameters.get(name),
          expected,
          'optimiser',
        );
      }
    }
  });

  it('trains a group with a multiple of the learning rate', async () => {
    const [plain, doubled] = [madeParameters(), madeParameters()];
    for (const [parameters, rate, factor] of [
      [plain, 0.02, 1],
      [doubled, 0.01, 2],
    ] as const) {
      const optimiser = new AdamW([{ parameters, rate: factor }], options);
      for (let step = 0; step < 3; step++) {
        const gradient = torch.tensor(`matrix.gradient.${step}`);
        optimiser.step({ [parameters.get('matrix').name]: gradient }, rate);
      }
    }
    for (const name of names) {
      const { shape, values } = (await plain.read()).get(name)!;
      await assertClose(name, doubled.get(name), { shape, values }, 'arrangement');
    }
  });

  it('keeps no tensor', async () => {
    const parameters = madeParameters();
    const optimiser = new AdamW([{ parameters }], options);
    await assertSteady(() => {
      const loss = () => tf.sum(tf.square(parameters.get('matrix'))).asScalar();
      const { value, grads } = tf.variableGrads(loss, optimiser.variables);
      optimiser.step(grads, 0.01);
      tf.dispose([value, ...Object.values(grads)]);
    });
    const before = tf.memory().numTensors;
    optimiser.dispose();
    assert.equal(tf.memory().numTensors, before - 4);
  });
});

describe('warmupPolynomial', () => {
  it('gives the rates that PyTorch was given', async () => {
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
