import assert from 'node:assert/strict';
import { SmallVilt, type SmallViltConfig } from '../../src/models/smallVilt.js';
import { tf } from '../../src/tensor/tf.js';
import { crossEntropy } from '../../src/training/crossEntropy.js';
import { assertClose } from '../support/close.js';
import { TorchFixture } from '../support/fixtures.js';
import { assertSteady } from '../support/leaks.js';

const config: SmallViltConfig = {
  modalities: [
    { kind: 'picture', name: 'photo', size: 8, patch: 4 },
    { kind: 'words', name: 'words', length: 6, vocabulary: 11 },
  ],
  width: 12,
  heads: 3,
  layers: 2,
  mlpRatio: 2,
  classes: 5,
};

describe('SmallVilt', () => {
  const torch = new TorchFixture('smallVilt');
  let inputs: Record<'photo' | 'words', tf.Tensor>;
  let labels: tf.Tensor;
  let network: SmallVilt;
  let variables: tf.Variable[];
  before(() => {
    inputs = { photo: torch.tensor('photo'), words: torch.tensor('words') };
    labels = torch.tensor('labels');
    network = new SmallVilt(config, 1);
    network.parameters.load(torch.under('parameter.') as never);
    variables = network.parameters.names.map((name) => network.parameters.get(name));
  });
  const gradients = () =>
    tf.variableGrads(
      () => crossEntropy(network.fuse(network.embed(inputs)).logits, labels).asScalar(),
      variables,
    );

  it('equals PyTorch: tokens, logits, loss', async () => {
    const tokens = network.embed(inputs);
    await assertClose('photo', tokens.photo!, torch.stored('tokens.photo'), 'network');
    await assertClose('words', tokens.words!, torch.stored('tokens.words'), 'network');
    await assertClose('logits', network.fuse(tokens).logits, torch.stored('logits'), 'network');
  });

  it('equals PyTorch: the gradient of every parameter', async () => {
    const { value, grads } = gradients();
    await assertClose('loss', value, torch.stored('loss'), 'network');
    for (const [index, name] of network.parameters.names.entries()) {
      const expected = torch.stored(`gradient.${name}`);
      // Largest entries are about 1; key biases have the gradient zero.
      await assertClose(name, grads[variables[index]!.name]!, expected, 'network', 0.1);
    }
  });

  it('says what its tokens are and embeds only what it is given', () => {
    assert.deepEqual(network.modalities, [
      { name: 'photo', tokens: 4, width: 12 },
      { name: 'words', tokens: 6, width: 12 },
    ]);
    assert.deepEqual(Object.keys(network.embed({ words: inputs.words })), ['words']);
  });

  it('returns the attention of every block', () => {
    const { attention } = network.fuse(network.embed(inputs));
    assert.deepEqual(
      attention.map(({ shape }) => shape),
      [
        [3, 3, 11, 11],
        [3, 3, 11, 11],
      ],
    );
  });

  it('keeps no tensor', () =>
    assertSteady(() => {
      tf.dispose(gradients());
    }));

  it('names what is wrong', () => {
    const picture = { kind: 'picture', name: 'photo', size: 8, patch: 3 } as const;
    assert.throws(
      () => new SmallVilt({ ...config, modalities: [picture] }, 1),
      /SmallVilt photo: patch 3 does not divide size 8/,
    );
    assert.throws(
      () => network.embed({ photo: tf.zeros([1, 6, 6, 3]) }),
      /SmallVilt.embed: photo must be \[B, 8, 8, 3\], got \[1, 6, 6, 3\]/,
    );
    assert.throws(
      () => network.embed({ words: tf.zeros([1, 7], 'int32') }),
      /SmallVilt.embed: words must be \[B, 6\], got \[1, 7\]/,
    );
    const photo = network.embed({ photo: inputs.photo });
    assert.throws(() => network.fuse(photo), /SmallVilt.fuse: no tokens of words/);
    assert.throws(
      () => network.fuse({ ...photo, words: tf.zeros([3, 6, 9]) }),
      /SmallVilt.fuse: words must be \[B=3, 6, d=12\], got \[3, 6, 9\]/,
    );
  });
});
