import assert from 'node:assert/strict';
import { Parameters, zeros } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { AdamW, type AdamWOptions } from '../../src/training/adamw.js';
import { clipByValue } from '../../src/training/clipping.js';
import { updateParameters, type Losses, type Update } from '../../src/training/update.js';
import { assertSteady } from '../support/leaks.js';

// Without moments a step of rate 1 is the sign of the gradient; with a large ε it is nearly the gradient itself.
const options: AdamWOptions = { betas: [0, 0], epsilon: 1e6, weightDecay: 0 };

function made(): { parameters: Parameters; optimiser: AdamW } {
  const parameters = new Parameters(1);
  for (const name of ['u', 'v']) parameters.add(name, [1], zeros);
  return { parameters, optimiser: new AdamW([{ parameters }], options) };
}

/** The gradients that a step was made of, from the values after it. */
async function stepped(
  slopes: readonly (readonly [u: number, v: number])[],
  update: Pick<Update, 'clipping' | 'accumulation'>,
): Promise<{ gradients: number[]; losses: Losses }> {
  const { parameters, optimiser } = made();
  const losses = updateParameters({
    losses: (batch) => {
      const terms = ['u', 'v']
        .map((name, index) => [parameters.get(name), slopes[batch]![index]!] as const)
        // What has no slope has no part in the loss, and so no gradient.
        .filter(([, slope]) => slope !== 0)
        .map(([variable, slope]) => tf.mul(variable, slope));
      return { total: tf.sum(tf.addN(terms)), batch: tf.scalar(batch) };
    },
    optimiser,
    learningRate: 1e6,
    ...update,
  });
  const values = await Promise.all(['u', 'v'].map((name) => parameters.get(name).data()));
  return { gradients: values.map(([value]) => -Math.round(value! * 1000) / 1000), losses };
}

// That several batches follow PyTorch stands in trajectories.test.ts.
describe('updateParameters', () => {
  it('clips and steps once for one batch', async () => {
    const { gradients } = await stepped([[3, -0.5]], { clipping: clipByValue(1) });
    assert.deepEqual(gradients, [1, -0.5]);
  });

  it('takes the mean of several batches, or their sum', async () => {
    const slopes = [
      [1, 2],
      [4, 8],
    ] as const;
    const mean = await stepped(slopes, { accumulation: { batches: 2 } });
    assert.deepEqual(mean.gradients, [2.5, 5]);
    const sum = await stepped(slopes, { accumulation: { batches: 2, sum: true } });
    assert.deepEqual(sum.gradients, [5, 10]);
  });

  it('adds gradients of variables that only some batches reach', async () => {
    const slopes = [
      [0, 2],
      [4, 0],
      [1, 0],
    ] as const;
    const { gradients } = await stepped(slopes, { accumulation: { batches: 3, sum: true } });
    assert.deepEqual(gradients, [5, 2]);
  });

  it('clips what has come together, once or after every batch', async () => {
    const slopes = [
      [5, 1],
      [-1, 1],
    ] as const;
    const clipping = clipByValue(2);
    const once = await stepped(slopes, { clipping, accumulation: { batches: 2, sum: true } });
    assert.deepEqual(once.gradients, [2, 2]);
    const each = await stepped(slopes, {
      clipping,
      accumulation: { batches: 2, sum: true, clipEach: true },
    });
    assert.deepEqual(each.gradients, [1, 2]);
  });

  it('returns every loss, the mean over the batches', async () => {
    const { losses } = await stepped(
      [
        [1, 1],
        [1, 1],
        [1, 1],
      ],
      { accumulation: { batches: 3 } },
    );
    assert.deepEqual(Object.keys(losses), ['total', 'batch']);
    assert.deepEqual([...(await losses.batch!.data())], [1]);
    assert.deepEqual([...(await losses.total.data())], [0]);
  });

  it('refuses batches with different losses, and no batch', () => {
    const { parameters, optimiser } = made();
    const total = () => tf.sum(parameters.get('u'));
    const update = (batches: number) =>
      updateParameters({
        losses: (batch) => ({ total: total(), [batch === 0 ? 'task' : 'other']: tf.scalar(1) }),
        optimiser,
        learningRate: 1,
        accumulation: { batches },
      });
    assert.throws(() => update(2), /batch 0 has the losses total, task, batch 1 has total, other/);
    assert.throws(() => update(0), /batches must be 1, 2, …, got 0/);
  });

  it('keeps no tensor, whether it steps or stops', async () => {
    const { parameters, optimiser } = made();
    for (const batches of [1, 3]) {
      for (const clipEach of [false, true]) {
        const update = (losses: (batch: number) => Losses) =>
          updateParameters({
            losses,
            optimiser,
            learningRate: 0.1,
            clipping: clipByValue(1),
            accumulation: { batches, clipEach },
          });
        const total = () => tf.sum(tf.square(tf.add(parameters.get('u'), 1)));
        await assertSteady(() => {
          tf.dispose(update(() => ({ total: total(), penalty: tf.scalar(2) })));
        });
        await assertSteady(() => {
          const stops = (batch: number): Losses => {
            if (batch === batches - 1) throw new Error('it stops');
            return { total: total() };
          };
          assert.throws(() => update(stops), /it stops/);
        });
        // Nothing to differentiate
        await assertSteady(() => {
          assert.throws(() => update(() => ({ total: tf.scalar(1) })));
        });
      }
    }
  });
});
