/** Padding among the keys of attention: nothing attends to it, and no gradient reaches it. */
import assert from 'node:assert/strict';
import { attention, paddingOffset } from '../../src/tensor/attention.js';
import { tf } from '../../src/tensor/tf.js';
import { asExpected, random } from '../support/compare.js';
import { assertClose } from '../support/close.js';

const options = { heads: 3, scale: 0.5 };
const [real, padded] = [5, 4];

describe('attention with padding', () => {
  let query: tf.Tensor;
  let key: tf.Tensor;
  let value: tf.Tensor;
  let offset: tf.Tensor;
  before(() => {
    query = random([2, 6, 12], 1);
    key = random([2, real + padded, 12], 2, 3);
    value = random([2, real + padded, 12], 3);
    const mask = tf.concat([tf.ones([2, real], 'int32'), tf.zeros([2, padded], 'int32')], 1);
    offset = paddingOffset(mask);
  });
  const realOf = (x: tf.Tensor) => tf.slice(x, [0, 0, 0], [-1, real, -1]);
  const paddingOf = (x: tf.Tensor) => tf.slice(x, [0, real, 0], [-1, -1, -1]);
  const mixed = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
    attention({ query: q, key: k, value: v, offset }, options).mixed;

  it('is attention to the real keys alone, gradients included', async () => {
    const alone = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
      attention({ query: q, key: realOf(k), value: realOf(v) }, options).mixed;
    const inputs = [query, key, value];
    await assertClose(
      'mixed',
      mixed(query, key, value),
      await asExpected(alone(query, key, value)),
      'layer',
    );
    const dy = random([2, 6, 12], 9);
    const [actual, expected] = [mixed, alone].map((form) => tf.grads(form as never)(inputs, dy));
    for (const [index, name] of ['query', 'key', 'value'].entries()) {
      await assertClose(
        `gradient of ${name}`,
        actual![index]!,
        await asExpected(expected![index]!),
        'layer',
      );
    }
    for (const gradient of actual!.slice(1)) {
      assert.ok((await paddingOf(gradient).data()).every((each) => each === 0));
    }
  });

  it('gives padding no weight at all, and is the same whatever stands there', async () => {
    const other = (x: tf.Tensor) => tf.concat([realOf(x), random([2, padded, 12], 7, 20)], 1);
    const { weights } = attention({ query, key, value, offset }, options);
    const onPadding = tf.slice(weights, [0, 0, 0, real], [-1, -1, -1, -1]);
    assert.ok((await onPadding.data()).every((weight) => weight === 0));
    assert.deepEqual(
      await mixed(query, other(key), other(value)).data(),
      await mixed(query, key, value).data(),
    );
  });

  it('gives equal weights where all is padding, forward and backward', async () => {
    const all = paddingOffset(tf.zeros([2, real + padded], 'int32'));
    const { weights } = attention({ query, key, value, offset: all }, options);
    const expected = new Float32Array(weights.size).fill(1 / (real + padded));
    await assertClose('weights', weights, { shape: weights.shape, values: expected }, 'layer');
    const gradients = tf.grads(
      (...[q, k, v]: tf.Tensor[]) =>
        attention({ query: q!, key: k!, value: v!, offset: all }, options).mixed,
    )([query, key, value]);
    for (const gradient of gradients) {
      assert.ok((await gradient.data()).every((each) => Number.isFinite(each)));
    }
  });
});
