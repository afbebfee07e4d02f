/** MulT in training: dropout where MMSA has it, by the same masks as in PyTorch, and what comes of training with it. */
import assert from 'node:assert/strict';
import { type MultDropout } from '../../../src/models/mult/config.js';
import { Mult } from '../../../src/models/mult/mult.js';
import { stream, type Stream } from '../../../src/tensor/random.js';
import { tf } from '../../../src/tensor/tf.js';
import { AdamW, adamWDefaults } from '../../../src/training/adamw.js';
import { assertClose } from '../../support/close.js';
import { assertSteady } from '../../support/leaks.js';
import {
  assertMultGradients,
  loadedMult,
  multConfig,
  multDropoutConfig,
  multDropoutTorch,
  multInputs,
  multTorch,
} from '../../support/mult.js';
import { tolerance } from '../../support/tolerances.js';
import { sentimentModalities } from '../../../src/models/sentimentModalities.js';

const zero = { text: 0, audio: 0, vision: 0 };
const none: MultDropout = {
  ...{ textFeatures: 0, attention: zero, memoryAttention: 0 },
  ...{ embedding: 0, hidden: 0, residual: 0, head: 0 },
};

const sameValues = async (a: tf.Tensor, b: tf.Tensor) => {
  const [x, y] = [await a.data(), await b.data()];
  return x.every((value, index) => value === y[index]);
};

describe('Mult with dropout', () => {
  let inputs: ReturnType<typeof multInputs>;
  let labels: tf.Tensor;
  before(() => {
    inputs = multInputs();
    labels = multTorch.tensor('labels');
  });
  const logitsOf = (mult: Mult) => mult.fuse(mult.embed(inputs)).logits;
  const lossOf = (mult: Mult) => tf.losses.meanSquaredError(labels, logitsOf(mult)).asScalar();
  const variablesOf = ({ parameters }: Mult) =>
    parameters.names.map((name) => parameters.get(name));

  /** The keys of the fixture: the draws are 0, 1, 2 … */
  const counting = () => {
    const key = { draws: 0, integer: () => key.draws++ };
    return key as unknown as Stream & { readonly draws: number };
  };

  it('equals PyTorch with the same masks: logits, loss, and every gradient', async () => {
    const network = loadedMult(multDropoutConfig);
    const random = counting();
    network.training = random;
    const { pooled } = network.encode(network.embed(inputs));
    await assertClose('pooled', pooled, multDropoutTorch.stored('pooled'), 'network');
    const calls = multDropoutTorch.stored('calls').values[0]!;
    // All but the head's
    assert.equal(random.draws, 2 * (calls - 1));

    network.training = counting();
    await assertClose('logits', logitsOf(network), multDropoutTorch.stored('logits'), 'network');
    network.training = counting();
    const { value, grads } = tf.variableGrads(() => lossOf(network), variablesOf(network));
    await assertClose('loss', value, multDropoutTorch.stored('loss'), 'network');
    await assertMultGradients(network, grads, multDropoutTorch);
    network.parameters.dispose();
  });

  it('drops in training alone', async () => {
    const [network, plain] = [loadedMult(multDropoutConfig), loadedMult()];
    assert.deepEqual(await logitsOf(network).data(), await logitsOf(plain).data());
    // A network without rates has none in training either, and draws nothing.
    const random = counting();
    plain.training = random;
    assert.deepEqual(await logitsOf(plain).data(), await logitsOf(network).data());
    assert.equal(random.draws, 0);
    network.training = counting();
    assert.notDeepEqual(await logitsOf(network).data(), await logitsOf(plain).data());
    network.parameters.dispose();
    plain.parameters.dispose();
  });

  // As MMSA's get_network gives them: by what an encoder reads, and the memories as those that read text.
  for (const source of sentimentModalities) {
    it(`takes the rate of ${source} for the attention of the two encoders that read it`, async () => {
      const network = loadedMult({
        ...multConfig,
        dropout: { ...none, attention: { ...zero, [source]: 0.5 } },
      });
      const streams = () => network.encode(network.embed(inputs)).streams;
      const still = streams();
      const random = counting();
      network.training = random;
      const moved = streams();
      assert.equal(random.draws, 2 * 2 * multConfig.layers);
      for (const name of sentimentModalities) {
        const same = await sameValues(still[name], moved[name]);
        assert.equal(same, name === source, `the stream of ${name}`);
      }
      network.parameters.dispose();
    });
  }

  it('learns as it does in PyTorch, over six steps of AdamW', async () => {
    const network = loadedMult(multDropoutConfig);
    const start = (await lossOf(network).data())[0]!;
    const expected = multDropoutTorch.stored('losses').values;
    const losses = await train(network, counting(), expected.length);
    losses.forEach((loss, step) => {
      const error = Math.abs(loss / expected[step]! - 1);
      assert.ok(error <= tolerance('trajectory'), `${error} of the loss of step ${step}`);
    });
    const after = lossOf(network);
    await assertClose('after', after, multDropoutTorch.stored('loss.after'), 'trajectory');
    assert.ok((await after.data())[0]! < 0.5 * start);
    network.parameters.dispose();
  });

  it('learns the same from the same seed, and something else from another', async () => {
    const losses = async (seed: number) => {
      const network = new Mult(multDropoutConfig, 3);
      const found = await train(network, stream(seed, 'dropout'), 2);
      network.parameters.dispose();
      return found;
    };
    const first = await losses(1);
    assert.deepEqual(await losses(1), first);
    assert.notDeepEqual(await losses(2), first);
  });

  /** The losses of so many steps. */
  async function train(network: Mult, random: Stream, steps: number): Promise<number[]> {
    const optimiser = new AdamW([network], { ...adamWDefaults, weightDecay: 0 });
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) {
      network.training = random;
      const { value, grads } = tf.variableGrads(() => lossOf(network), variablesOf(network));
      network.training = undefined;
      optimiser.step(grads, 0.01);
      losses.push((await value.data())[0]!);
      tf.dispose([value, grads]);
    }
    optimiser.dispose();
    return losses;
  }

  it('keeps no tensor', async () => {
    const network = new Mult(multDropoutConfig, 1);
    const variables = variablesOf(network);
    network.training = counting();
    await assertSteady(() => {
      tf.dispose(tf.variableGrads(() => lossOf(network), variables));
    });
    network.parameters.dispose();
  });
});
