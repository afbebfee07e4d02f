/** Replicas that share every batch: what they train is what one alone trains, but for rounding. */
import assert from 'node:assert/strict';
import { resolveRun, type RunConfig, type RunOptions } from '../../src/experiments/config.js';
import { loadData } from '../../src/experiments/model.js';
import { expectReplicas, Replicas } from '../../src/experiments/replicas.js';
import { Training, updateOptions } from '../../src/experiments/training.js';
import { describeBackend, runsInWorkers } from '../../src/tensor/backend.js';
import type { NamedValues } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { threadCount } from '../../src/tensor/wasm/team.js';
import { computeGradients, updateParameters, type Losses } from '../../src/training/update.js';
import { assertClose } from '../support/close.js';
import { skip } from '../support/skip.js';

const configOf = (replicas: number, options: Partial<RunOptions> = {}): RunConfig =>
  resolveRun(
    {
      method: 'mmp',
      model: { name: 'smallVilt', width: 16, heads: 2, layers: 1 },
      budget: { batchSize: 12 },
      ...options,
      replicas,
    },
    'test',
  );
const trainingOf = (config: RunConfig, replica = 0) =>
  new Training(config, loadData(config), replica);

describe('replicas', function () {
  this.timeout(120_000);
  const canRun = () => runsInWorkers(describeBackend().name);

  it('have gradients of which the mean is that of the whole batch', async () => {
    const whole = trainingOf(configOf(1));
    const parts = [0, 1, 2].map((replica) => trainingOf(configOf(3), replica));
    const compute = (one: Training) =>
      computeGradients({ optimiser: one.optimiser, losses: () => one.losses() });
    for (let batch = 0; batch < 4; batch++) {
      const [expected, shares] = [compute(whole), parts.map(compute)];
      const present = await Promise.all(
        Object.values(expected.gradients).map((gradient) => tf.max(tf.abs(gradient)).data()),
      );
      // Gradients that are zero but for rounding are measured against the others.
      const floor = 0.01 * Math.max(...present.map(([largest]) => largest!));
      for (const [index, { name }] of whole.optimiser.variables.entries()) {
        const gradient = expected.gradients[name];
        const own = parts.map(
          ({ optimiser }, replica) => shares[replica]!.gradients[optimiser.variables[index]!.name],
        );
        // MMP reaches the weights of masked targets only, and all mask the same.
        for (const one of own) assert.equal(one === undefined, gradient === undefined);
        if (!gradient) continue;
        const values = (await gradient.data()) as Float32Array;
        const mean = tf.div(tf.addN(own as tf.Tensor[]), parts.length);
        const stored = { shape: gradient.shape, values };
        await assertClose(whole.optimiser.nameOf(name), mean, stored, 'network', floor);
      }
      for (const one of [expected, ...shares]) tf.dispose({ ...one });
    }
    for (const training of [whole, ...parts]) training.dispose();
  });

  /** What some steps make of the losses and parameters. */
  const train = async (config: RunConfig, steps: number) => {
    const training = trainingOf(config);
    const replicas = await Replicas.beside(training, 0);
    const losses: number[] = [];
    try {
      for (let step = 0; step < steps; step++) {
        const update = {
          ...updateOptions(config),
          optimiser: training.optimiser,
          learningRate: 1e-3,
          losses: () => training.losses(),
        };
        const found: Losses = await (replicas?.update(update) ?? updateParameters(update));
        losses.push((await found.total.data())[0]!);
        tf.dispose(found);
      }
      return { losses, state: await training.state(steps) };
    } finally {
      await replicas?.close();
      training.dispose();
    }
  };
  const bytesOf = (values: NamedValues) =>
    [...values].map(([name, one]) => [name, Buffer.from(one.values.buffer).toString('base64')]);

  describe('in threads', () => {
    before(function () {
      if (!canRun()) skip(this, 'this backend uses the whole machine by itself');
    });

    it('take the steps that one alone takes, but for rounding', async () => {
      const norm = { optimiser: { clipping: { kind: 'norm', limit: 0.5 } } } as const;
      for (const options of [{}, norm]) {
        const [alone, together] = [
          await train(configOf(1, options), 6),
          await train(configOf(2, options), 6),
        ];
        alone.losses.forEach((loss, step) => {
          const difference = Math.abs(loss - together.losses[step]!) / loss;
          assert.ok(difference < 1e-5, `step ${step}: ${loss} and ${together.losses[step]}`);
        });
        // Not the very same, or nothing was shared.
        assert.notDeepEqual(bytesOf(alone.state.tensors), bytesOf(together.state.tensors));
      }
    });

    it('come to the same bits every time', async () => {
      const [one, other] = [await train(configOf(3), 5), await train(configOf(3), 5)];
      assert.deepEqual(bytesOf(one.state.tensors), bytesOf(other.state.tensors));
      assert.deepEqual(one.losses, other.losses);
    });

    it('draw what one alone draws', async () => {
      const [alone, together] = [await train(configOf(1), 3), await train(configOf(2), 3)];
      assert.deepEqual(alone.state.progress, together.state.progress);
    });

    it('leave no tensor, and the number of threads as it was', async () => {
      const [tensors, threads] = [tf.memory().numTensors, threadCount()];
      await train(configOf(2), 3);
      assert.equal(tf.memory().numTensors, tensors);
      assert.equal(threadCount(), threads);
    });

    it('of which one fails fail the step', async () => {
      const config = configOf(2);
      const training = trainingOf(config);
      const state = await training.state(0);
      // A state without parameters, which the other replica refuses.
      training.state = () => Promise.resolve({ ...state, tensors: new Map() });
      const replicas = await Replicas.beside(training, 0);
      const update = {
        optimiser: training.optimiser,
        learningRate: 1,
        losses: () => training.losses(),
      };
      await assert.rejects(replicas!.update(update), /Parameters\.load: missing/);
      await replicas!.close();
      training.dispose();
    });
  });

  it('are refused where the backend uses the whole machine', function () {
    if (canRun()) skip(this, 'here it has room for them');
    assert.throws(() => {
      expectReplicas(configOf(2));
    }, /replicas: \S+ uses the whole machine by itself; say 1, or --backend wasm/);
  });
});
