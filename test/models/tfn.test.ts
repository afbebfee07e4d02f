import assert from 'node:assert/strict';
import { Tfn, tfnMosi, tfnShapes, type TfnConfig } from '../../src/models/tfn.js';
import { isRunningStatistic } from '../../src/tensor/batchNorm.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from '../support/close.js';
import { tfnConfig, tfnFixture } from '../support/fusion.js';
import { assertSteady } from '../support/leaks.js';

const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

describe('Tfn', () => {
  let network: Tfn;
  let inputs: ReturnType<typeof tfnFixture.inputs>;
  beforeEach(() => {
    network = tfnFixture.loaded();
    inputs = tfnFixture.inputs();
  });
  afterEach(() => {
    network.parameters.dispose();
  });

  it('equals PyTorch in evaluation: tokens, their product, logits, loss, every gradient', async () => {
    const stored = tfnFixture.case();
    const tokens = network.embed(inputs);
    const vector = (name: string) => tf.squeeze(tokens[name]!, [1]);
    await assertClose('text', vector('text'), stored.get('Feature_t')!, 'network');
    await assertClose('audio', vector('audio'), stored.get('Feature_a')!, 'network');
    await assertClose('vision', vector('vision'), stored.get('Feature_v')!, 'network');
    const fused = network.combine(tokens);
    await assertClose('fused', fused, stored.get('Feature_f')!, 'network');
    await assertClose('logits', network.predict(fused), stored.get('M')!, 'network');
    await tfnFixture.assertEqualsTorch('evaluation');
  });

  it('equals PyTorch in training without dropout: logits, gradients, running statistics', async () => {
    await tfnFixture.assertEqualsTorch('training');
  });

  it("has as many parameters as MMSA's, of which optimisers pass over range and shift", () => {
    const shapes = [...tfnShapes(tfnMosi)].filter(([name]) => !isRunningStatistic(name));
    const count = shapes.reduce((sum, [, shape]) => sum + sizeOf(shape), 0);
    assert.deepEqual([count], [...tfnFixture.torch.stored('count').values]);
    const fixed = shapes.map(([name]) => name).filter((name) => network.isFixed(name));
    assert.deepEqual(fixed, ['output.range', 'output.shift']);
    assert.ok(network.isFixed('embed.audio.norm.runningMean'));
    assert.ok(
      network.isOfHead('head.layers.0.bias') && !network.isOfHead('embed.text.output.bias'),
    );
  });

  it('has one token of each modality, of those that are given', () => {
    assert.deepEqual(network.modalities, [
      { name: 'text', tokens: 1, width: 3 },
      { name: 'audio', tokens: 1, width: 3 },
      { name: 'vision', tokens: 1, width: 2 },
    ]);
    const { vision, ...others } = network.embed({ vision: inputs.vision });
    assert.deepEqual(vision!.shape, [4, 1, 2]);
    assert.deepEqual(others, {});
  });

  it('takes a mean over time for zero where it is not a number', async () => {
    const values = await inputs.audio.data();
    const broken = Float32Array.from(values);
    // The first feature of the first sample, at one of its steps
    broken[2] = NaN;
    const zeroed = Float32Array.from(values).map((value, index) =>
      index < 12 && index % 2 === 0 ? 0 : value,
    );
    const tokensOf = (of: Float32Array) => network.embed({ audio: tf.tensor3d(of, [4, 6, 2]) });
    assert.deepEqual(await tokensOf(broken).audio!.data(), await tokensOf(zeroed).audio!.data());
  });

  it('stays within −3 and 3, and has no bounds with classes', async () => {
    const { logits } = network.fuse(
      network.embed({
        ...inputs,
        text: tf.mul(inputs.text, 1e4),
        vision: tf.mul(inputs.vision, 1e4),
      }),
    );
    assert.ok((await logits.data()).every((value) => Math.abs(value) <= 3));
    const classifier = new Tfn({ ...tfnConfig, classes: 3 }, 1);
    classifier.parameters.get('head.layers.2.bias').assign(tf.tensor1d([10, -10, 20]));
    const ofClasses = classifier.fuse(classifier.embed(inputs)).logits;
    assert.deepEqual(ofClasses.shape, [4, 3]);
    assert.ok((await ofClasses.data()).some((value) => value > 8));
    classifier.parameters.dispose();
  });

  it('drops of every part in training, and of none in evaluation', async () => {
    const drops = async (change: Partial<TfnConfig>) => {
      const dropping = new Tfn({ ...tfnConfig, ...change }, 1);
      tfnFixture.load(dropping, tfnFixture.weights());
      const run = () => tf.tidy(() => dropping.fuse(dropping.embed(inputs)).logits.clone());
      const restored = await dropping.parameters.read();
      dropping.training = stream(1, 'dropout');
      const first = await run().data();
      dropping.parameters.load(restored);
      const second = await run().data();
      dropping.training = undefined;
      assert.deepEqual(await run().data(), await run().data());
      dropping.parameters.dispose();
      return first.some((value, index) => value !== second[index]);
    };
    assert.ok(!(await drops({})));
    const half = (name: 'text' | 'audio' | 'vision') => ({
      [name]: { ...tfnConfig[name], dropout: 0.5 },
    });
    assert.ok(await drops(half('text')));
    assert.ok(await drops(half('audio')));
    assert.ok(await drops(half('vision')));
    assert.ok(await drops({ fused: { width: 6, dropout: 0.5 } }));
  });

  it('begins as PyTorch does: linear maps and LSTM within one over the root', async () => {
    const fresh = new Tfn(tfnConfig, 1);
    const widest = async (name: string) =>
      Math.max(...(await fresh.parameters.get(name).data()).map(Math.abs));
    // 72 inputs in 6 outputs fill their range.
    const bound = 1 / Math.sqrt((1 + 3) * (1 + 2) * (1 + 3));
    const largest = await widest('head.layers.0.weight');
    assert.ok(largest <= bound && largest > 0.95 * bound);
    assert.ok((await widest('embed.text.output.bias')) <= 0.5);
    assert.deepEqual([...(await fresh.parameters.get('output.range').data())], [6]);
    assert.deepEqual([...(await fresh.parameters.get('output.shift').data())], [-3]);
    fresh.parameters.dispose();
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
    const of = (changes: Partial<TfnConfig>) => () => new Tfn({ ...tfnConfig, ...changes }, 1);
    assert.throws(of({ classes: 0 }), /Tfn: classes must be a positive integer, got 0/);
    assert.throws(
      of({ fused: { width: 2, dropout: 1 } }),
      /Tfn: fused\.dropout must be in \[0, 1\), got 1/,
    );
    assert.throws(
      of({ audio: { features: 1.5, width: 2, dropout: 0 } }),
      /Tfn: audio\.features must be a positive integer, got 1\.5/,
    );
    assert.throws(
      () => network.embed({ audio: tf.zeros([4, 6, 3]) }),
      /Tfn\.embed: audio must be \[B, T, F=2\], got \[4, 6, 3\]/,
    );
    const tokens = network.embed(inputs);
    assert.throws(() => network.fuse({ text: tokens.text! }), /no tokens of audio, vision/);
    assert.throws(
      () => network.fuse({ ...tokens, vision: tf.zeros([4, 2, 2]) }),
      /Tfn\.fuse: vision must be \[B, 1, d=2\], got \[4, 2, 2\]/,
    );
  });
});
