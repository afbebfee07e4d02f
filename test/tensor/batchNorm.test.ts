/** Batch normalisation against PyTorch: values, gradients and running statistics, in training and in evaluation. */
import assert from 'node:assert/strict';
import { addBatchNorm, batchNorm, isRunningStatistic } from '../../src/tensor/batchNorm.js';
import { Parameters } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { AdamW } from '../../src/training/adamw.js';
import { updateParameters } from '../../src/training/update.js';
import { assertClose } from '../support/close.js';
import { random } from '../support/compare.js';
import { TorchFixture } from '../support/fixtures.js';
import { assertSteady } from '../support/leaks.js';

const torch = new TorchFixture('batchNorm');

describe('batchNorm', () => {
  let parameters: Parameters;
  beforeEach(() => {
    parameters = new Parameters(1);
    addBatchNorm(parameters, 'norm', 3);
  });
  afterEach(() => {
    parameters.dispose();
  });
  const trained = () => parameters.names.filter((name) => !isRunningStatistic(name));

  for (const name of ['rows', 'pictures']) {
    it(`equals PyTorch of ${name}: two steps of training, and evaluation after them`, async () => {
      for (const part of ['weight', 'bias']) {
        parameters.get(`norm.${part}`).assign(torch.tensor(`${name}.${part}`));
      }
      for (const step of ['first', 'second', 'evaluation']) {
        const training = step !== 'evaluation';
        const same = (part: string, actual: tf.Tensor) =>
          assertClose(`${step} ${part}`, actual, torch.stored(`${name}.${step}.${part}`), 'layer');
        const [x, dy] = [torch.tensor(`${name}.${step}.x`), torch.tensor(`${name}.${step}.dy`)];
        // Each call is a step of the running statistics: values and all gradients come of one.
        let y: tf.Tensor | undefined;
        const read = tf.variable(x);
        const weights = trained().map((each) => parameters.get(each));
        const { grads } = tf.variableGrads(() => {
          y = tf.keep(batchNorm(parameters, 'norm', read, training));
          return tf.sum(tf.mul(y, dy)).asScalar();
        }, [read, ...weights]);
        await same('y', y!);
        await same('dx', grads[read.name]!);
        await same('dweight', grads[weights[0]!.name]!);
        await same('dbias', grads[weights[1]!.name]!);
        await same('runningMean', parameters.get('norm.runningMean'));
        await same('runningVariance', parameters.get('norm.runningVariance'));
        read.dispose();
      }
    });
  }

  it('keeps of every batch the share that it is told', async () => {
    const batch = tf.tensor2d([1, 2, 3, 5, 6, 7], [2, 3]);
    const running = (part: string) => parameters.get(`norm.running${part}`);
    running('Mean').assign(tf.zeros([3]));
    running('Variance').assign(tf.ones([3]));
    for (let step = 0; step < 2; step++)
      tf.dispose(batchNorm(parameters, 'norm', batch, true, 0.25));
    // Means 3, 4, 5 and variances 8: a quarter of them, and then a quarter more of what is left.
    assert.deepEqual([...(await running('Mean').data())], [1.3125, 1.75, 2.1875]);
    assert.deepEqual([...(await running('Variance').data())], [4.0625, 4.0625, 4.0625]);
    batch.dispose();
  });

  it('says which parameters no optimiser changes', () => {
    assert.deepEqual(parameters.names.filter(isRunningStatistic), [
      'norm.runningMean',
      'norm.runningVariance',
    ]);
  });

  it('keeps no tensor in an update, and what ran stays finite where a batch is constant', async () => {
    const group = { parameters, isTrained: (name: string) => !isRunningStatistic(name) };
    const optimiser = new AdamW([group]);
    const constant = tf.ones([4, 3]);
    const x = random([4, 3], 5);
    for (const batch of [x, constant]) {
      await assertSteady(() => {
        const losses = updateParameters({
          losses: () => ({ total: tf.sum(tf.square(batchNorm(parameters, 'norm', batch, true))) }),
          optimiser,
          learningRate: 0.01,
        });
        tf.dispose(losses);
      });
    }
    for (const name of parameters.names) {
      assert.ok(
        (await parameters.get(name).data()).every((value) => Number.isFinite(value)),
        name,
      );
    }
    optimiser.dispose();
  });

  it('names what is wrong', () => {
    const of = (x: tf.Tensor, training: boolean) => () =>
      tf.tidy(() => batchNorm(parameters, 'norm', x, training));
    assert.throws(of(tf.ones([2, 4]), false), /batchNorm norm: last axis must be 3, got \[2, 4\]/);
    assert.throws(
      of(tf.ones([1, 3]), true),
      /batchNorm norm: training needs more than one sample, got \[1, 3\]/,
    );
    assert.doesNotThrow(of(tf.ones([1, 3]), false));
    assert.doesNotThrow(of(tf.ones([1, 2, 2, 3]), true));
  });
});
