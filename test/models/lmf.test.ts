import assert from 'node:assert/strict';
import { Lmf, lmfMosi, lmfShapes } from '../../src/models/lmf.js';
import { isRunningStatistic } from '../../src/tensor/batchNorm.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from '../support/close.js';
import { lmfConfig, lmfFixture } from '../support/fusion.js';
import { assertSteady } from '../support/leaks.js';

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

describe('Lmf', () => {
  let network: Lmf;
  let inputs: ReturnType<typeof lmfFixture.inputs>;
  beforeEach(() => {
    network = lmfFixture.loaded();
    inputs = lmfFixture.inputs();
  });
  afterEach(() => {
    network.parameters.dispose();
  });

  it('equals PyTorch in evaluation: tokens, their products, logits, loss, every gradient', async () => {
    const stored = lmfFixture.case();
    const tokens = network.embed(inputs);
    const vector = (name: string) => tf.squeeze(tokens[name]!, [1]);
    await assertClose('text', vector('text'), stored.get('Feature_t')!, 'network');
    await assertClose('audio', vector('audio'), stored.get('Feature_a')!, 'network');
    await assertClose('vision', vector('vision'), stored.get('Feature_v')!, 'network');
    const fused = network.combine(tokens);
    await assertClose('fused', fused, stored.get('Feature_f')!, 'network');
    await assertClose('logits', network.predict(fused), stored.get('M')!, 'network');
    await lmfFixture.assertEqualsTorch('evaluation');
  });

  it('equals PyTorch in training without dropout: logits, gradients, running statistics', async () => {
    await lmfFixture.assertEqualsTorch('training');
  });

  it("has as many parameters as MMSA's, of which optimisers pass over weights and bias", () => {
    const shapes = [...lmfShapes(lmfMosi)].filter(([name]) => !isRunningStatistic(name));
    const count = shapes.reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
    assert.deepEqual([count], [...lmfFixture.torch.stored('count').values]);
    const fixed = shapes.map(([name]) => name).filter((name) => network.isFixed(name));
    assert.deepEqual(fixed, ['fusion.weights', 'fusion.bias']);
    assert.ok(network.isFixed('embed.vision.norm.runningVariance'));
  });

  it('begins with factors as spread as those of PyTorch', async () => {
    // xavier_normal_ of [3, 301, 1] has a standard deviation of √(2/(301 + 3)) and of [1, 3] one of √(2/4).
    const wide = new Lmf(
      { ...lmfConfig, audio: { features: 2, width: 300, dropout: 0 }, classes: 1 },
      1,
    );
    const values = (await wide.parameters.get('fusion.audio').data()) as Float32Array;
    const squares = values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
    // The mean of 903 squares errs by √(2/903), 5 %.
    assert.ok(Math.abs(squares / (2 / 304) - 1) < 0.15);
    assert.ok((await wide.parameters.get('fusion.weights').data()).every((value) => value !== 0));
    assert.deepEqual([...(await wide.parameters.get('fusion.bias').data())], [0]);
    wide.parameters.dispose();
  });

  it('answers where a modality is zero', async () => {
    const tokens = network.embed(inputs);
    const without = network.fuse({ ...tokens, text: tf.zerosLike(tokens.text!) }).logits;
    assert.deepEqual(without.shape, [4, 2]);
    assert.ok((await without.data()).every((value) => Number.isFinite(value)));
    assert.notDeepEqual(await without.data(), await network.fuse(tokens).logits.data());
  });

  it('keeps no tensor in training', async () => {
    network.training = stream(1, 'dropout');
    const variables = network.parameters.names
      .filter((name) => !network.isFixed(name))
      .map((name) => network.parameters.get(name));
    await assertSteady(() => {
      tf.dispose(
        tf.variableGrads(
          () => tf.sum(network.fuse(network.embed(inputs)).logits).asScalar(),
          variables,
        ),
      );
    });
  });

  it('names what is wrong', () => {
    assert.throws(
      () => new Lmf({ ...lmfConfig, rank: 0 }, 1),
      /Lmf: rank must be a positive integer, got 0/,
    );
    assert.throws(
      () => network.embed({ text: tf.zeros([4, 5, 2]) }),
      /Lmf\.embed: text must be \[B, T, F=3\], got \[4, 5, 2\]/,
    );
    assert.throws(() => network.fuse({}), /Lmf\.fuse: no tokens of text, audio, vision/);
  });
});
