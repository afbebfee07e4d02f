import assert from 'node:assert/strict';
import { viltBase } from '../../../src/models/vilt/config.js';
import { viltShapes } from '../../../src/models/vilt/parameters.js';
import { Vilt } from '../../../src/models/vilt/vilt.js';
import { loadViltWeights } from '../../../src/models/vilt/weights.js';
import { tf } from '../../../src/tensor/tf.js';
import { AdamW } from '../../../src/training/adamw.js';
import { crossEntropy } from '../../../src/training/crossEntropy.js';
import { updateParameters } from '../../../src/training/update.js';
import { asExpected, random } from '../../support/compare.js';
import { assertClose } from '../../support/close.js';
import { assertSteady } from '../../support/leaks.js';
import { loadedVilt, sizes, viltConfig, viltInputs, viltTorch } from '../../support/vilt.js';

const variablesOf = ({ parameters }: Vilt) => parameters.names.map((name) => parameters.get(name));

describe('Vilt', () => {
  let inputs: ReturnType<typeof viltInputs>;
  let labels: tf.Tensor;
  let network: Vilt;
  before(() => {
    inputs = viltInputs();
    labels = viltTorch.tensor('labels');
    network = loadedVilt();
  });
  const logitsOf = (vilt: Vilt, from: Partial<typeof inputs>) =>
    vilt.fuse(vilt.embed(from), vilt.tokenMasks(from)).logits;
  const lossOf = (vilt: Vilt) => crossEntropy(logitsOf(vilt, inputs), labels).asScalar();

  it('equals PyTorch: logits, loss, and the gradient of every parameter', async () => {
    await assertClose('logits', logitsOf(network, inputs), viltTorch.stored('logits'), 'network');
    const { value, grads } = tf.variableGrads(() => lossOf(network), variablesOf(network));
    await assertClose('loss', value, viltTorch.stored('loss'), 'network');
    // PyTorch's gradients come into our layout as its weights do.
    const expected = new Vilt(viltConfig, 1);
    loadViltWeights(expected, viltTorch.under('gradient.'));
    for (const name of network.parameters.names) {
      const wanted = await asExpected(expected.parameters.get(name));
      // Largest entries are about 1; key biases have the gradient zero.
      await assertClose(name, grads[network.parameters.get(name).name]!, wanted, 'network', 0.1);
    }
    expected.parameters.dispose();
  });

  for (const level of ['input', 'attention'] as const) {
    it(`equals PyTorch with prompts at the level of ${level}`, async () => {
      const prompts = viltTorch.tensor('prompts');
      const tokens = level === 'input' ? prompts : tf.slice(prompts, [0, 0, 0], [1, 4, 16]);
      const [embedded, masks] = [network.embed(inputs), network.tokenMasks(inputs)];
      const { pooled, ...encoded } = network.encode(embedded, masks, { level, tokens });
      await assertClose('pooled', pooled, viltTorch.stored(`pooled.${level}`), 'network');
      assert.deepEqual(encoded.tokens.shape, [3, 28, 16]);
      assert.deepEqual(
        encoded.attention.map(({ shape }) => shape.slice(2)),
        level === 'input'
          ? [
              [32, 32],
              [36, 36],
            ]
          : [
              [28, 30],
              [28, 28],
            ],
      );
      const own = tf.tile(tf.expandDims(tokens, 0), [3, 1, 1, 1]);
      const each = network.encode(embedded, masks, { level, tokens: own });
      await assertClose('own', each.pooled, await asExpected(pooled), 'arrangement');
      const gradient = tf.grad(
        (x: tf.Tensor) => network.encode(embedded, masks, { level, tokens: x }).pooled,
      )(tokens);
      assert.ok((await gradient.data()).every((value) => value !== 0));
    });
  }

  it('says what its tokens are and embeds only what it is given', () => {
    assert.deepEqual(network.modalities, [
      { name: 'text', tokens: 9, width: 16 },
      { name: 'image', tokens: 10, width: 16 },
    ]);
    assert.deepEqual(Object.keys(network.embed({ text: inputs.text })), ['text']);
    assert.deepEqual(Object.keys(network.tokenMasks({ imageMask: inputs.imageMask })), ['image']);
    const tokens = network.embed(inputs);
    assert.deepEqual(
      [tokens.text!.shape, tokens.image!.shape],
      [
        [3, 7, 16],
        [3, 21, 16],
      ],
    );
  });

  it('marks the class token and the patches of pictures as real', async () => {
    const { text, image } = network.tokenMasks(inputs);
    assert.deepEqual(await text!.array(), await inputs.textMask.array());
    const row = (height: number, width: number) =>
      Array.from({ length: 20 }, (_, place) => Number(place < 5 * height && place % 5 < width));
    assert.equal(image!.dtype, 'int32');
    assert.deepEqual(await image!.array(), [
      [1, ...row(4, 2)],
      [1, ...row(2, 5)],
      [1, ...row(3, 3)],
    ]);
  });

  it('gives each sample of a padded batch what it gets alone', async () => {
    const together = await asExpected(logitsOf(network, inputs));
    for (const [sample, { height, width, words }] of sizes.entries()) {
      const alone = {
        text: tf.slice(inputs.text, [sample, 0], [1, words]),
        image: tf.slice(inputs.image, [sample, 0, 0, 0], [1, height, width, 3]),
      };
      const values = together.values.slice(5 * sample, 5 * sample + 5);
      await assertClose('logits', logitsOf(network, alone), { shape: [1, 5], values }, 'network');
    }
  });

  it('is the same whatever stands in the padding', async () => {
    const other = {
      ...inputs,
      text: tf.where(tf.cast(inputs.textMask, 'bool'), inputs.text, tf.onesLike(inputs.text)),
      image: tf.where(
        tf.tile(tf.cast(tf.expandDims(inputs.imageMask, 3), 'bool'), [1, 1, 1, 3]),
        inputs.image,
        random([3, 16, 20, 3], 4, 5),
      ),
    };
    assert.notDeepEqual(await other.text.data(), await inputs.text.data());
    const expected = await logitsOf(network, inputs).data();
    assert.deepEqual(await logitsOf(network, other).data(), expected);
  });

  it('has as many parameters as the reference, by part', () => {
    const shapes = [...viltShapes({ ...viltBase, textLength: 512, classes: 101 })];
    const count = (part: RegExp, of = shapes) =>
      of
        .filter(([name]) => part.test(name))
        .reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0);
    assert.equal(count(/^embed\.text\./), 23_837_184);
    assert.equal(count(/^embed\.image\./), 2_472_192);
    assert.equal(count(/^blocks\./), 85_054_464);
    assert.equal(count(/^pooler\./), 590_592);
    assert.equal(count(/^head\./), 1_339_493);
    assert.equal(count(/^/), 113_296_997);
    const short = [...viltShapes({ ...viltBase, classes: 101 })];
    assert.equal(count(/^embed\.text\./, short), 23_474_688);
    assert.equal(network.parameters.count, count(/^/, [...viltShapes(viltConfig)]));
  });

  it('learns', async () => {
    const vilt = new Vilt({ ...viltConfig, head: 'linear' }, 1);
    const optimiser = new AdamW([vilt]);
    const losses: number[] = [];
    for (let step = 0; step < 20; step++) {
      const { total } = updateParameters({
        losses: () => ({ total: lossOf(vilt) }),
        optimiser,
        learningRate: 0.01,
      });
      losses.push((await total.data())[0]!);
      total.dispose();
    }
    assert.ok(losses.at(-1)! < 0.5 * losses[0]!, losses.join(', '));
    optimiser.dispose();
    vilt.parameters.dispose();
  });

  it('keeps no tensor', async () => {
    const prompts = { level: 'input', tokens: viltTorch.tensor('prompts') } as const;
    await assertSteady(() => {
      tf.dispose(tf.variableGrads(() => lossOf(network), variablesOf(network)));
      tf.tidy(() => {
        network.encode(network.embed(inputs), network.tokenMasks(inputs), prompts);
      });
    });
  });

  it('names what is wrong', () => {
    const of = (changes: object) => () => new Vilt({ ...viltConfig, ...changes }, 1);
    assert.throws(of({ patch: 5 }), /Vilt: patch 5 does not divide imageSize 12/);
    assert.throws(of({ heads: 3 }), /Vilt: heads 3 do not divide width 16/);
    assert.throws(
      () => network.embed({ text: tf.zeros([1, 10], 'int32') }),
      /Vilt.embed: text has 10 words, more than the 9 positions/,
    );
    assert.throws(
      () => network.embed({ image: tf.zeros([1, 12, 12]) }),
      /Vilt.embed: image must be \[B, H, W, 3\], got \[1, 12, 12\]/,
    );
    assert.throws(
      () => network.embed({ image: tf.zeros([1, 12, 10, 3]) }),
      /image of 12 × 10 is not made of patches of 4/,
    );
    const imageMask = tf.ones([1, 12, 8], 'int32');
    assert.throws(
      () => network.embed({ image: tf.zeros([1, 12, 12, 3]), imageMask }),
      /Vilt.embed: imageMask must be \[B=1, H=12, W=12\], got \[1, 12, 8\]/,
    );
    const tokens = network.embed(inputs);
    assert.throws(() => network.fuse({ text: tokens.text! }), /Vilt.fuse: no tokens of image/);
    assert.throws(
      () => network.fuse({ ...tokens, image: tf.zeros([3, 5, 9]) }),
      /Vilt.fuse: image must be \[B=3, N, d=16\], got \[3, 5, 9\]/,
    );
    assert.throws(
      () => network.fuse(tokens, { text: tf.ones([3, 6], 'int32') }),
      /Vilt.fuse: mask of text must be \[B=3, N=7\], got \[3, 6\]/,
    );
    const prompted = (shape: number[], level: 'input' | 'attention') => () =>
      network.encode(tokens, {}, { level, tokens: tf.zeros(shape) });
    assert.throws(
      prompted([1, 4, 8], 'input'),
      /tokens must be \[layers, P, 16\], got \[1, 4, 8\]/,
    );
    assert.throws(prompted([3, 4, 16], 'input'), /3 layers of prompts for 2 blocks/);
    assert.throws(prompted([1, 3, 16], 'attention'), /3 rows are not as many keys as values/);
  });
});
