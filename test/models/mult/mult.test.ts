import assert from 'node:assert/strict';
import { multMosi, type MultConfig } from '../../../src/models/mult/config.js';
import { encode } from '../../../src/models/mult/encoder.js';
import { Mult } from '../../../src/models/mult/mult.js';
import { multShapes } from '../../../src/models/mult/parameters.js';
import { positionsOf } from '../../../src/models/mult/positions.js';
import { tf } from '../../../src/tensor/tf.js';
import { assertClose } from '../../support/close.js';
import { asExpected, random } from '../../support/compare.js';
import { assertSteady } from '../../support/leaks.js';
import {
  assertMultGradients,
  loadedMult,
  multCase,
  multConfig,
  multInputs,
  multTorch,
} from '../../support/mult.js';

describe('Mult', () => {
  let inputs: ReturnType<typeof multInputs>;
  let labels: tf.Tensor;
  let network: Mult;
  let variables: tf.Variable[];
  before(() => {
    inputs = multInputs();
    labels = multTorch.tensor('labels');
    network = loadedMult();
    variables = network.parameters.names.map((name) => network.parameters.get(name));
  });
  after(() => {
    network.parameters.dispose();
  });
  const lossOf = (mult: Mult) =>
    tf.losses.meanSquaredError(labels, mult.fuse(mult.embed(inputs)).logits).asScalar();

  it('equals PyTorch: streams, logits, loss, and the gradient of every parameter', async () => {
    const stored = multCase();
    const { streams, pooled } = network.encode(network.embed(inputs));
    await assertClose('text', streams.text, stored.get('Feature_t')!, 'network');
    await assertClose('audio', streams.audio, stored.get('Feature_a')!, 'network');
    await assertClose('vision', streams.vision, stored.get('Feature_v')!, 'network');
    await assertClose('pooled', pooled, stored.get('Feature_f')!, 'network');
    const { logits } = network.fuse(network.embed(inputs));
    await assertClose('logits', logits, stored.get('M')!, 'network');

    const { value, grads } = tf.variableGrads(() => lossOf(network), variables);
    await assertClose('loss', value, multTorch.stored('loss'), 'network');
    await assertMultGradients(network, grads, multTorch);
  });

  for (const width of [6, 7]) {
    it(`has the original's positions at a width of ${width}`, async () => {
      const tokens = multTorch.tensor(`tokens.${width}`);
      const positions = positionsOf(tokens);
      await assertClose('positions', positions, multTorch.stored(`positions.${width}`), 'layer');
      const gradient = tf.grad((x: tf.Tensor) => positionsOf(x))(tokens);
      assert.ok((await gradient.data()).every((each) => each === 0));
    });
  }

  it('adds positions to scaled tokens and to what they read', async () => {
    const sizes = { features: 2, length: 8, kernel: 1 };
    const plain: MultConfig = {
      ...{ text: sizes, audio: sizes, vision: sizes },
      ...{ width: 4, heads: 2, layers: 2, classes: 1 },
    };
    const { parameters } = new Mult(plain, 1);
    const name = 'cross.textFromAudio';
    const [x, source] = [random([2, 5, 4], 1), random([2, 7, 4], 2)];
    const placed = (tokens: tf.Tensor) => tf.add(tokens, tf.div(positionsOf(tokens), 2));
    const expected = encode(parameters, plain, name, placed(x), {
      source: placed(source),
    });
    const actual = encode(parameters, { ...plain, positions: true }, name, x, { source });
    await assertClose('tokens', actual.tokens, await asExpected(expected.tokens), 'network');
    const without = encode(parameters, plain, name, x, { source });
    assert.notDeepEqual(await actual.tokens.data(), await without.tokens.data());
    parameters.dispose();
  });

  it('says what its tokens are and embeds only what it is given', () => {
    assert.deepEqual(network.modalities, [
      { name: 'text', tokens: 4, width: 3 },
      { name: 'audio', tokens: 8, width: 3 },
      { name: 'vision', tokens: 7, width: 3 },
    ]);
    assert.deepEqual(Object.keys(network.embed({ audio: inputs.audio })), ['audio']);
    const tokens = network.embed(inputs);
    assert.deepEqual(
      Object.values(tokens).map(({ shape }) => shape),
      [
        [3, 4, 3],
        [3, 8, 3],
        [3, 7, 3],
      ],
    );
  });

  it('gives the attention weights of every encoder, none on the future', async () => {
    const { attention } = network.fuse(network.embed(inputs));
    const [text, audio, vision] = [4, 8, 7];
    const pairs = [
      ...[
        [text, audio],
        [text, vision],
        [audio, text],
      ],
      ...[
        [audio, vision],
        [vision, text],
        [vision, audio],
      ],
      ...[text, audio, vision].flatMap((count) => [1, 2, 3].map(() => [count, count])),
    ];
    assert.deepEqual(
      attention.map(({ shape }) => shape),
      pairs.map((pair) => [3, 3, ...pair]),
    );
    const own = (await attention.at(-1)!.array()) as number[][][][];
    own.flat(2).forEach((row, index) => {
      const seen = (index % vision) + 1;
      assert.ok(row.slice(seen).every((weight) => weight === 0));
      assert.ok(Math.abs(row.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-5);
    });
    const open = new Mult({ ...multConfig, masked: false }, 1);
    const everywhere = open.fuse(open.embed(inputs)).attention;
    for (const weights of everywhere) assert.ok((await weights.data()).every((each) => each > 0));
    open.parameters.dispose();
  });

  it('is finite where modalities are zero, gradients included', async () => {
    const nothing = Object.fromEntries(
      Object.entries(inputs).map(([name, each]) => [name, tf.zerosLike(each)]),
    );
    const tokens = network.embed(nothing);
    for (const each of Object.values(tokens)) {
      assert.ok((await each.data()).every((value) => value === 0));
    }
    const { logits } = network.fuse(tokens);
    assert.ok((await logits.data()).every((value) => Number.isFinite(value)));
    const { grads } = tf.variableGrads(
      () => tf.sum(network.fuse(network.embed(nothing)).logits).asScalar(),
      variables,
    );
    for (const gradient of Object.values(grads)) {
      assert.ok((await gradient.data()).every((value) => Number.isFinite(value)));
    }
  });

  it('has as many parameters as the reference, by part', () => {
    const shapes = [...multShapes(multMosi)];
    const count = (part: RegExp, of = shapes) =>
      of
        .filter(([name]) => part.test(name))
        .reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0);
    assert.equal(count(/^embed\./), 198_250);
    assert.equal(count(/^cross\./), 736_200);
    assert.equal(count(/^memory\./), 1_456_200);
    assert.equal(count(/^head\./), 180_901);
    assert.equal(count(/^/), 2_571_551);
    assert.equal(network.parameters.count, count(/^/, [...multShapes(multConfig)]));
    assert.ok(network.isOfHead('head.output.bias') && !network.isOfHead('memory.text.norm.bias'));
  });

  it('keeps no tensor', async () => {
    await assertSteady(() => {
      tf.dispose(tf.variableGrads(() => lossOf(network), variables));
    });
  });

  it('names what is wrong', () => {
    const of = (changes: Partial<MultConfig>) => () => new Mult({ ...multConfig, ...changes }, 1);
    assert.throws(of({ heads: 2 }), /Mult: heads 2 do not divide width 3/);
    assert.throws(of({ layers: 0 }), /Mult: layers must be a positive integer, got 0/);
    assert.throws(
      of({ audio: { length: 4, features: 2, kernel: 5 } }),
      /Mult: audio\.kernel 5 is longer than audio\.length 4/,
    );
    assert.throws(
      of({ vision: { length: 4, features: 2.5, kernel: 1 } }),
      /Mult: vision\.features must be a positive integer, got 2\.5/,
    );
    const { dropout } = multMosi;
    assert.throws(
      of({ dropout: { ...dropout, attention: { ...dropout.attention, audio: 1 } } }),
      /Mult: dropout\.attention\.audio must be at least 0 and below 1, got 1/,
    );
    assert.throws(of({ dropout: { ...dropout, head: NaN } }), /Mult: dropout\.head must be .* NaN/);
    assert.throws(of({ positions: true }), /positions need a width of at least 4, got 3/);
    assert.throws(
      () => network.embed({ audio: tf.zeros([3, 9, 5]) }),
      /Mult\.embed: audio must be \[B, T, F=4\], got \[3, 9, 5\]/,
    );
    assert.throws(
      () => network.embed({ text: tf.zeros([3, 2, 2]) }),
      /Mult\.embed: text has 2 steps, fewer than its kernel of 3/,
    );
    const tokens = network.embed(inputs);
    assert.throws(() => network.fuse({ text: tokens.text! }), /no tokens of audio, vision/);
    assert.throws(
      () => network.fuse({ ...tokens, vision: tf.zeros([2, 7, 3]) }),
      /Mult\.fuse: vision must be \[B=3, N, d=3\], got \[2, 7, 3\]/,
    );
  });
});
