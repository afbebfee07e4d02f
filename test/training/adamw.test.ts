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

  it('leaves what a group does not train as it is, with gradients and decay at hand', async () => {
    const [parameters, other] = [madeParameters(), madeParameters()];
    const isTrained = (name: string) => name === 'vector';
    const optimiser = new AdamW([{ name: 'base', parameters, isTrained }], options);
    const all = new AdamW([{ name: 'base', parameters: other }], options);
    assert.deepEqual(optimiser.variables, [parameters.get('vector')]);
    const before = await parameters.read();
    for (const [one, own] of [
      [optimiser, parameters],
      [all, other],
    ] as const) {
      const gradients = names.map((name) => [
        own.get(name).name,
        torch.tensor(`${name}.gradient.0`),
      ]);
      one.step(Object.fromEntries(gradients) as tf.NamedTensorMap, 0.01);
    }
    const [after, trained] = [await parameters.read(), await other.read()];
    assert.deepEqual(after.get('matrix'), before.get('matrix'));
    assert.notDeepEqual(trained.get('matrix'), before.get('matrix'));
    assert.deepEqual(after.get('vector'), trained.get('vector'));
    const { moments, steps } = await optimiser.state();
    assert.deepEqual([...moments.keys()], ['base/vector/first', 'base/vector/second']);
    assert.deepEqual(steps, { 'base/vector': 1 });
    const ofAll = await all.state();
    assert.throws(() => {
      optimiser.restore(ofAll);
    }, /AdamW\.restore: .*unknown base\/matrix\/first, base\/matrix\/second/);
    assert.throws(() => {
      all.restore({ moments, steps });
    }, /AdamW\.restore: .*missing base\/matrix\/first, base\/matrix\/second/);
  });

  it('refuses two groups of one name', () => {
    const groups = [madeParameters(), madeParameters()].map((parameters) => ({
      name: 'base',
      parameters,
    }));
    assert.throws(() => new AdamW(groups), /AdamW: two groups are named "base"/);
  });
});

/** Parameters under training whose past can be carried over to others. */
class Problem {
  readonly parameters = madeParameters();
  readonly optimiser = new AdamW([{ name: 'all', parameters: this.parameters }], options);

  /** The vector has no gradient in every third step, so that the two count their steps apart. */
  train(from: number, to: number): void {
    for (let step = from; step < to; step++) {
      const present = step % 3 === 0 ? ['matrix'] : names;
      const gradients = Object.fromEntries(
        present.map((name) => [
          this.parameters.get(name).name,
          torch.tensor(`${name}.gradient.${step}`),
        ]),
      );
      this.optimiser.step(gradients, 0.01);
      tf.dispose(gradients);
    }
  }

  dispose(): void {
    this.optimiser.dispose();
    this.parameters.dispose();
  }
}

describe("AdamW's state", () => {
  it('goes on in a new optimiser as if nothing had been, to the last bit', async () => {
    const [whole, first, second] = [new Problem(), new Problem(), new Problem()];
    whole.train(0, 10);
    first.train(0, 5);
    second.parameters.load(await first.parameters.read());
    second.optimiser.restore(await first.optimiser.state());
    second.train(5, 10);
    assert.deepEqual(await second.parameters.read(), await whole.parameters.read());
    assert.deepEqual(await second.optimiser.state(), await whole.optimiser.state());
    // The first goes on beside it: the two share no tensor.
    first.train(5, 10);
    assert.deepEqual(await first.optimiser.state(), await whole.optimiser.state());
    // Without its past it would have come elsewhere.
    const forgetful = new Problem();
    forgetful.train(5, 10);
    assert.notDeepEqual(await forgetful.parameters.read(), await whole.parameters.read());
  });

  it('is keyed by group and parameter', async () => {
    const parameters = madeParameters();
    const named = new AdamW([{ name: 'base', parameters }]);
    const { moments, steps } = await named.state();
    assert.deepEqual(
      [...moments].map(([name, { shape }]) => [name, shape]),
      [
        ['base/matrix/first', [4, 3]],
        ['base/matrix/second', [4, 3]],
        ['base/vector/first', [5]],
        ['base/vector/second', [5]],
      ],
    );
    assert.deepEqual(steps, { 'base/matrix': 0, 'base/vector': 0 });
    const numbered = new AdamW([{ parameters }, { parameters }]);
    const known = ['0/matrix', '0/vector', '1/matrix', '1/vector'];
    assert.deepEqual(Object.keys((await numbered.state()).steps), known);
  });

  it('is refused unless all of it fits, and then changes nothing', async () => {
    const problem = new Problem();
    problem.train(0, 2);
    const before = await problem.optimiser.state();
    const { shape, values } = before.moments.get('all/vector/first')!;
    const withMoment = (name: string, moment: { shape: number[]; values: Float32Array }) => ({
      ...before,
      moments: new Map([...before.moments, [name, moment] as const]),
    });
    const withSteps = (steps: Record<string, number>) => ({
      ...before,
      steps: { ...before.steps, ...steps },
    });
    const fewer = new Map(before.moments);
    fewer.delete('all/matrix/second');
    for (const [state, message] of [
      [{ ...before, moments: fewer }, /missing all\/matrix\/second; unknown none/],
      [withMoment('mmp/w/first', { shape: [...shape], values }), /unknown mmp\/w\/first/],
      [withMoment('all/vector/first', { shape: [1, 5], values }), /must be \[5\], got \[1, 5\]/],
      [withMoment('all/vector/first', { shape: [5], values: values.map(() => NaN) }), /holds NaN/],
      [withSteps({ 'mmp/w': 1 }), /steps of unknown mmp\/w/],
      [withSteps({ 'all/vector': 1.5 }), /steps of "all\/vector" must be 0, 1, …, got 1.5/],
      [{ ...before, steps: { 'all/matrix': 2 } }, /"all\/vector" must be 0, 1, …, got undefined/],
    ] as const) {
      assert.throws(() => {
        problem.optimiser.restore(state);
      }, message);
    }
    assert.deepEqual(await problem.optimiser.state(), before);
  });

  it('keeps no tensor', async () => {
    const problem = new Problem();
    await assertSteady(async () => {
      problem.train(0, 2);
      problem.optimiser.restore(await problem.optimiser.state());
    });
    problem.dispose();
  });
});
