/** The operations of ours against their plain forms, gradients included, at sizes that fit nowhere. */
import assert from 'node:assert/strict';
import { plainSmoothL1, smoothL1 } from '../../src/mmp/align.js';
import { gelu, plainGelu } from '../../src/tensor/activations.js';
import { attention, plainAttention } from '../../src/tensor/attention.js';
import { describeBackend } from '../../src/tensor/backend.js';
import { contractHeads, expandHeads } from '../../src/tensor/heads.js';
import { layerNorm, plainLayerNorm } from '../../src/tensor/layerNorm.js';
import { linear, plainLinear } from '../../src/tensor/linear.js';
import { Parameters, zeros } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { asExpected, assertSameFunction, random } from '../support/compare.js';
import { assertClose } from '../support/close.js';
import { assertSteady } from '../support/leaks.js';
import { noNaN, skip } from '../support/skip.js';
import { logisticTolerance, tolerance } from '../support/tolerances.js';

describe('an operation equals its plain form', () => {
  for (const shape of [[1], [3], [2, 5], [7, 4, 9], [40000]]) {
    it(`gelu of [${shape.join()}]`, () =>
      assertSameFunction(gelu, plainGelu, [random(shape, 1, 2)]));
  }

  for (const [rows, width] of [
    [1, 3],
    [5, 4],
    [6, 17],
    [300, 130],
  ] as const) {
    it(`layerNorm of [${rows}, ${width}]`, async () => {
      const parameters = withVariables({ 'n.weight': [width], 'n.bias': [width] });
      const [weight, bias] = [parameters.get('n.weight'), parameters.get('n.bias')];
      const x = random([rows, width], 3, 4);
      const fast = (input: tf.Tensor) => layerNorm(parameters, 'n', input);
      const plain = (input: tf.Tensor) => plainLayerNorm(input, weight, bias);
      await assertSameFunction(fast, plain, [x]);
      await assertSameGradients(
        parameters,
        () => fast(x),
        () => plain(x),
      );
      parameters.dispose();
    });
  }

  for (const [leading, inputs, outputs] of [
    [[1], 1, 1],
    [[5], 3, 9],
    [[2, 3], 300, 7],
    [[4, 70], 12, 33],
  ] as const) {
    it(`linear of [${leading.join()}, ${inputs}] to ${outputs}`, async () => {
      const parameters = withVariables({ 'l.weight': [inputs, outputs], 'l.bias': [outputs] });
      const [weight, bias] = [parameters.get('l.weight'), parameters.get('l.bias')];
      const x = random([...leading, inputs], 4);
      const fast = (input: tf.Tensor) => linear(parameters, 'l', input);
      const plain = (input: tf.Tensor) => plainLinear(input, weight, bias);
      await assertSameFunction(fast, plain, [x]);
      await assertSameGradients(
        parameters,
        () => fast(x),
        () => plain(x),
      );
      parameters.dispose();
    });
  }

  for (const { batch, queries, keys, heads, width, shared, groups, offset } of [
    { batch: 1, queries: 1, keys: 1, heads: 1, width: 1, shared: false, groups: 1, offset: true },
    { batch: 3, queries: 5, keys: 7, heads: 2, width: 6, shared: false, groups: 1, offset: false },
    { batch: 3, queries: 5, keys: 7, heads: 2, width: 6, shared: false, groups: 1, offset: true },
    { batch: 3, queries: 8, keys: 33, heads: 1, width: 20, shared: true, groups: 1, offset: true },
    {
      batch: 2,
      queries: 37,
      keys: 24,
      heads: 1,
      width: 12,
      shared: false,
      groups: 3,
      offset: true,
    },
    {
      batch: 2,
      queries: 9,
      keys: 300,
      heads: 4,
      width: 16,
      shared: true,
      groups: 1,
      offset: false,
    },
    { batch: 3, queries: 9, keys: 70, heads: 3, width: 12, shared: true, groups: 2, offset: true },
    {
      batch: 2,
      queries: 40,
      keys: 70,
      heads: 4,
      width: 32,
      shared: false,
      groups: 1,
      offset: true,
    },
  ]) {
    const sizes = `${queries} ${shared ? 'shared ' : ''}queries, ${keys} keys, ${groups} groups`;
    it(`attention of ${sizes}, ${heads} heads${offset ? ', an offset' : ''}`, async () => {
      const inputs = [
        random([shared ? 1 : batch, queries, width], 1),
        random([batch, keys, width], 2),
        random([batch, keys, 3 * heads], 3),
        ...(offset ? [random([batch, keys], 4)] : []),
      ];
      const options = { heads, scale: 0.3, groups };
      const through =
        (form: typeof attention) =>
        (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor, onKeys?: tf.Tensor) =>
          form({ query, key, value, ...(onKeys ? { offset: onKeys } : {}) }, options);
      await assertSameFunction(
        (...x) => through(attention)(x[0]!, x[1]!, x[2]!, x[3]).mixed,
        (...x) => through(plainAttention)(x[0]!, x[1]!, x[2]!, x[3]).mixed,
        inputs,
      );
      const [actual, expected] = [attention, plainAttention].map(
        (form) => through(form)(inputs[0]!, inputs[1]!, inputs[2]!, inputs[3]).weights,
      );
      await assertClose('weights', actual!, await asExpected(expected!), 'layer');
    });
  }

  for (const { batch, queries, keys, heads, shared } of [
    { batch: 1, queries: 1, keys: 1, heads: 1, shared: false },
    { batch: 2, queries: 9, keys: 5, heads: 2, shared: false },
    { batch: 2, queries: 5, keys: 9, heads: 1, shared: false },
    { batch: 3, queries: 37, keys: 70, heads: 3, shared: true },
  ]) {
    const sizes = `${queries} ${shared ? 'shared ' : ''}queries, ${keys} keys, ${heads} heads`;
    it(`attention of ${sizes}, an offset of every pair`, async () => {
      const inputs = [
        random([shared ? 1 : batch, queries, 4 * heads], 1),
        random([batch, keys, 4 * heads], 2),
        random([batch, keys, 3 * heads], 3),
      ];
      const pairOffset = random([queries, keys], 4);
      const through =
        (form: typeof attention) => (query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) =>
          form({ query, key, value, pairOffset }, { heads, scale: 0.3 });
      await assertSameFunction(
        (...x) => through(attention)(x[0]!, x[1]!, x[2]!).mixed,
        (...x) => through(plainAttention)(x[0]!, x[1]!, x[2]!).mixed,
        inputs,
      );
      const [actual, expected] = [attention, plainAttention].map(
        (form) => through(form)(inputs[0]!, inputs[1]!, inputs[2]!).weights,
      );
      await assertClose('weights', actual!, await asExpected(expected!), 'layer');
    });
  }

  for (const [batch, tokens, heads, depth, width] of [
    [1, 1, 1, 1, 1],
    [3, 5, 2, 3, 7],
    [2, 8, 4, 10, 33],
  ] as const) {
    const sizes = `B ${batch}, L ${tokens}, H ${heads}, d_h ${depth}, d ${width}`;
    const x = () => random([batch, tokens, heads * depth], 1);
    const m = () => random([batch, heads * tokens, width], 2);
    const weight = () => random([width, heads * depth], 3);
    // [.., (h, j)] as [.., h, j], multiplied out and summed: the formulas as they stand.
    const products = (small: tf.Tensor, w: tf.Tensor) =>
      tf.mul(
        tf.expandDims(
          tf.transpose(tf.reshape(small, [batch, tokens, heads, 1, depth]), [0, 2, 1, 3, 4]),
          0,
        ),
        tf.reshape(tf.transpose(tf.reshape(w, [width, heads, depth]), [1, 0, 2]), [
          1,
          1,
          heads,
          1,
          width,
          depth,
        ]),
      );
    it(`expandHeads, ${sizes}`, () =>
      assertSameFunction(
        (a, b) => expandHeads(a, b, heads),
        (a, b) => tf.reshape(tf.sum(products(a, b), -1), [batch, heads * tokens, width]),
        [x(), weight()],
      ));
    it(`contractHeads, ${sizes}`, () =>
      assertSameFunction(
        (a, b) => contractHeads(a, b, heads),
        (a, b) => {
          const big = tf.reshape(a, [batch, heads, tokens, width, 1]);
          const w = tf.transpose(tf.reshape(b, [width, heads, depth]), [1, 0, 2]);
          const sums = tf.sum(tf.mul(big, tf.reshape(w, [1, heads, 1, width, depth])), 3);
          return tf.reshape(tf.transpose(sums, [0, 2, 1, 3]), [batch, tokens, heads * depth]);
        },
        [m(), weight()],
      ));
  }

  it('smoothL1, over several chunks', () => {
    const target = random([3, 20000], 5);
    return assertSameFunction(
      (x) => smoothL1(target, x),
      (x) => plainSmoothL1(target, x),
      [random([3, 20000], 6, 2)],
      'longSum',
    );
  });
});

describe('the operations', () => {
  it('are accurate where exponential and error function are hard', async () => {
    const x = Float32Array.from({ length: 4001 }, (_, index) => (index - 2000) / 250);
    const values = await gelu(tf.tensor(x)).data();
    x.forEach((value, index) => {
      const expected = value * (0.5 + 0.5 * errorFunction(value / Math.SQRT2));
      assert.ok(
        Math.abs(values[index]! - expected) < tolerance('gelu'),
        `gelu(${value}) is ${values[index]}`,
      );
    });
    // Softmax of (0, x) is 1/(1 + eˣ): the exponential in all of its range.
    const arguments_ = Float32Array.from({ length: 2001 }, (_, index) => (index - 1000) / 10);
    const keys = tf.stack([tf.zerosLike(tf.tensor(arguments_)), tf.tensor(arguments_)], 1);
    const { weights } = attention(
      {
        query: tf.ones([arguments_.length, 1, 1]),
        key: tf.expandDims(keys, -1),
        value: tf.zeros([arguments_.length, 2, 1]),
      },
      { heads: 1, scale: 1 },
    );
    (await weights.data()).forEach((weight, index) => {
      const shift = arguments_[index >> 1]!;
      const expected = 1 / (1 + Math.exp(index % 2 === 0 ? shift : -shift));
      assert.ok(
        Math.abs(weight - expected) <= logisticTolerance(shift) * expected + 1e-37,
        `${weight} at ${shift}`,
      );
    });
  });

  it('let what is not a number through', async function () {
    if (describeBackend().name === 'webgpu') skip(this, noNaN);
    const bad = tf.tensor([[1, NaN, 3]]);
    const parameters = withVariables({ 'n.weight': [3], 'n.bias': [3] });
    const asBatch = tf.expandDims<tf.Tensor>(bad, 0);
    const options = { heads: 1, scale: 1 };
    const results = {
      gelu: gelu(bad),
      layerNorm: layerNorm(parameters, 'n', bad),
      smoothL1: smoothL1(tf.zeros([1, 3]), bad),
      attention: attention({ query: asBatch, key: asBatch, value: asBatch }, options).mixed,
    };
    for (const [name, result] of Object.entries(results)) {
      assert.ok((await result.data()).some(Number.isNaN), name);
    }
    parameters.dispose();
  });

  it('keep no tensor', () =>
    assertSteady(() => {
      tf.tidy(() => {
        const x = random([2, 6, 8], 1);
        const parameters = random([8, 8], 2);
        tf.grad((input: tf.Tensor) => {
          const questions = expandHeads(gelu(input), parameters, 2);
          const attended = attention(
            { query: questions, key: input, value: input },
            { heads: 1, scale: 1 },
          );
          return smoothL1(tf.zerosLike(input), contractHeads(attended.mixed, parameters, 2));
        })(x);
      });
    }));

  it('name what does not fit', () => {
    const x = tf.zeros([2, 4, 6]);
    const one = { query: x, key: x, value: x };
    assert.throws(
      () => attention(one, { heads: 4, scale: 1 }),
      /attention: 4 heads .* widths 6, 6/,
    );
    assert.throws(
      () => attention({ ...one, offset: tf.zeros([2, 3]) }, { heads: 1, scale: 1 }),
      /offset must be \[B=2, Tk=4\], got \[2, 3\]/,
    );
    assert.throws(
      () => expandHeads(x, tf.zeros([5, 7]), 1),
      /expandHeads: weight must (be|have) .*w=6.*got \[5, 7\]/,
    );
  });
});

/** Parameters of these shapes, normally distributed. */
function withVariables(shapes: Record<string, readonly number[]>): Parameters {
  const parameters = new Parameters(1);
  Object.entries(shapes).forEach(([name, shape], index) => {
    parameters.add(name, [...shape], zeros);
    parameters.get(name).assign(random([...shape], 50 + index));
  });
  return parameters;
}

async function assertSameGradients(
  parameters: Parameters,
  fast: () => tf.Tensor,
  plain: () => tf.Tensor,
): Promise<void> {
  const variables = parameters.names.map((name) => parameters.get(name));
  const gradients = [fast, plain].map(
    (form) => tf.variableGrads(() => tf.sum(tf.square(form())), variables).grads,
  );
  for (const { name } of variables) {
    const expected = await asExpected(gradients[1]![name]!);
    await assertClose(`gradient of ${name}`, gradients[0]![name]!, expected, 'layer');
  }
}

/** erf in double precision, by its series and, far out, its continued fraction. */
function errorFunction(x: number): number {
  const size = Math.abs(x);
  if (size > 3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / 2 / (size + fraction);
    return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / (size + fraction));
  }
  let [term, sum] = [x, x];
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
