/** The future among the keys of attention: no query attends to it, and no gradient reaches it. */
import assert from 'node:assert/strict';
import { attention, futureOffset } from '../../src/tensor/attention.js';
import { tf } from '../../src/tensor/tf.js';
import { asExpected, random } from '../support/compare.js';
import { assertClose } from '../support/close.js';

const options = { heads: 2, scale: 0.5 };

describe('attention without the future', () => {
  for (const [queries, keys] of [
    [5, 5],
    [4, 9],
    [9, 4],
    [1, 3],
  ] as const) {
    it(`of ${queries} queries and ${keys} keys is attention to the past alone`, async () => {
      const query = random([2, queries, 6], 1);
      const key = random([2, keys, 6], 2);
      const value = random([2, keys, 6], 3);
      const pairOffset = futureOffset(queries, keys);
      const { mixed, weights } = attention({ query, key, value, pairOffset }, options);
      for (let i = 0; i < queries; i++) {
        const past = Math.min(keys, i + Math.abs(keys - queries) + 1);
        const of = (x: tf.Tensor, from: number, count: number) =>
          tf.slice(x, [0, from, 0], [2, count, 6]);
        const alone = attention(
          { query: of(query, i, 1), key: of(key, 0, past), value: of(value, 0, past) },
          options,
        );
        await assertClose(`query ${i}`, of(mixed, i, 1), await asExpected(alone.mixed), 'layer');
        const future = tf.slice(weights, [0, 0, i, past], [2, 2, 1, keys - past]);
        assert.ok((await future.data()).every((weight) => weight === 0));
      }
    });
  }

  it('sends no gradient into the future', async () => {
    const [query, key, value] = [random([1, 4, 6], 1), random([1, 6, 6], 2), random([1, 6, 6], 3)];
    const pairOffset = futureOffset(4, 6);
    // Of the first query, which sees three keys.
    const first = (k: tf.Tensor, v: tf.Tensor) =>
      tf.slice(
        attention({ query, key: k, value: v, pairOffset }, options).mixed,
        [0, 0, 0],
        [1, 1, 6],
      );
    for (const gradient of tf.grads(first)([key, value])) {
      const values = await gradient.data();
      assert.ok(values.subarray(0, 18).every((each) => each !== 0));
      assert.ok(values.subarray(18).every((each) => each === 0));
    }
  });

  it('names what does not fit', () => {
    const x = tf.zeros([2, 3, 6]);
    const of = (inputs: object) => () =>
      attention({ query: x, key: x, value: x, ...inputs }, options);
    assert.throws(
      of({ pairOffset: tf.zeros([3, 4]) }),
      /pairOffset must be \[Tq=3, Tk=3\], got \[3, 4\]/,
    );
    assert.throws(
      of({ pairOffset: tf.zeros([3, 3]), offset: tf.zeros([2, 3]) }),
      /attention: takes an offset or a pairOffset, got both/,
    );
    const sum = (pairOffset: tf.Tensor) => of({ pairOffset })().mixed;
    assert.throws(() => tf.grad(sum)(tf.zeros([3, 3])), /backprop through input pairOffset/);
  });
});
