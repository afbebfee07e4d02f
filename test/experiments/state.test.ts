/** The state of a training: with it, another goes on as if it were the same. */
import assert from 'node:assert/strict';
import { resolveRun } from '../../src/experiments/config.js';
import { loadData } from '../../src/experiments/model.js';
import { Training } from '../../src/experiments/training.js';
import { describeBackend } from '../../src/tensor/backend.js';
import { tf } from '../../src/tensor/tf.js';
import type { TrainingState } from '../../src/training/checkpoint.js';
import { updateParameters } from '../../src/training/update.js';
import { assertClose } from '../support/close.js';

const config = resolveRun(
  {
    method: 'mmp',
    model: { name: 'smallVilt', width: 16, heads: 2, layers: 1 },
    budget: { batchSize: 4 },
  },
  'test',
);
const newTraining = () => new Training(config, loadData(config));

describe('the state of a training', function () {
  this.timeout(120_000);

  const take = (training: Training, steps: number) => {
    for (let step = 0; step < steps; step++) {
      const { optimiser } = training;
      const losses = () => training.losses();
      tf.dispose(updateParameters({ optimiser, learningRate: 1e-3, losses }));
    }
  };
  it('is all that decides what comes', async () => {
    const [one, other] = [newTraining(), newTraining()];
    take(one, 3);
    const state = await one.state(3);
    take(one, 3);
    other.restore(JSON.parse(JSON.stringify(state), reviver(state)) as TrainingState);
    take(other, 3);
    const [expected, actual] = [await one.state(6), await other.state(6)];
    assert.deepEqual(actual.progress, expected.progress);
    for (const [name, { shape, values }] of expected.tensors) {
      const continued = actual.tensors.get(name)!.values;
      if (describeBackend().name === 'webgpu') {
        // Softmax takes no notice of them: their gradients are rounding alone, of which Adam makes whole steps.
        if (name.endsWith('key.bias')) continue;
        // Its threads add the gradients of a word's places up in any order.
        const tensor = tf.tensor(continued, [...shape]);
        await assertClose(name, tensor, { shape, values }, 'network', 1e-4);
        tensor.dispose();
      } else assert.deepEqual(continued, values, name);
    }
    one.dispose();
    other.dispose();
  });

  it('of other networks is refused', async () => {
    const training = newTraining();
    const state = await training.state(0);
    state.tensors.delete('base/class');
    assert.throws(() => {
      training.restore(state);
    }, /Parameters\.load: missing class/);
    training.dispose();
  });

  it('leaves no tensor', async () => {
    const before = tf.memory().numTensors;
    const training = newTraining();
    training.restore(await training.state(0));
    training.dispose();
    assert.equal(tf.memory().numTensors, before);
  });
});

/** What JSON cannot hold, the tensors, as they were. */
const reviver = (state: TrainingState) => (key: string, value: unknown) =>
  key === 'tensors' ? state.tensors : value;
