import assert from 'node:assert/strict';
import { attention, plainAttention } from '../../src/tensor/attention.js';
import { dropout, plainDropout } from '../../src/tensor/dropout.js';
import { Stream, stream } from '../../src/tensor/random.js';
import { threefry, type Words } from '../../src/tensor/threefry.js';
import { tf } from '../../src/tensor/tf.js';
import { asExpected, assertSameFunction, random } from '../support/compare.js';
import { assertClose } from '../support/close.js';
import { assertSteady } from '../support/leaks.js';

/** A stream whose next key is always the same. */
const fixed = (seed: number) => stream(seed, 'dropout');

/** Which of so many values stay, 1 or 0, by key. */
async function kept(count: number, rate: number, key: Stream): Promise<Float32Array> {
  const y = dropout(tf.ones([count]), rate, key);
  return (await y.data()).map(Math.sign) as Float32Array;
}

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** How many standard deviations a share of n independent draws of probability p is off. */
const deviations = (share: number, p: number, n: number) =>
  (share - p) / Math.sqrt((p * (1 - p)) / n);

describe('threefry', () => {
  // From the authors' file of known answers, kat_vectors of Random123.
  const known: [key: Words, counter: Words, words: number[]][] = [
    [
      [0, 0],
      [0, 0],
      [0x9d1c5ec6, 0x8bd50731],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0xfd36d048, 0x2d17272c],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xba3e4725, 0xf27d669e],
    ],
  ];
  for (const [key, counter, words] of known) {
    it(`gives the known answer to ${counter.map((word) => word.toString(16)).join(' ')}`, () => {
      const found = new Int32Array(2);
      threefry(key, counter, found);
      assert.deepEqual([...new Uint32Array(found.buffer)], words);
    });
  }
});

describe('dropout', () => {
  for (const shape of [[1], [7], [8], [3, 5, 4], [40_003]]) {
    it(`of [${shape.join()}] is its plain form, to the bit, and so is its gradient`, () =>
      assertSameFunction(
        (x) => dropout(x, 0.3, fixed(1)),
        (x) => plainDropout(x, 0.3, fixed(1)),
        [random(shape, 1)],
        0,
      ));
  }

  it('keeps what the words of Threefry say, on every backend', async () => {
    // Keys of 32 bits, the highest among them
    const key = { integer: () => 0x9e3779b9 } as unknown as Stream;
    const values = await dropout(tf.fill([1001], 3), 0.625, key).data();
    const words = new Int32Array(2);
    values.forEach((value, i) => {
      threefry([0x9e3779b9, 0x9e3779b9], [i >> 1, 0], words);
      assert.equal(value, words[i % 2]! >>> 0 < 0.625 * 2 ** 32 ? 0 : 8, `value ${i}`);
    });
  });

  // Limits are four standard deviations of what is estimated; keys are fixed.
  const count = 200_000;
  for (const rate of [0.1, 0.5, 0.85]) {
    it(`drops ${rate} of all values, and keeps their mean`, async () => {
      const stays = await kept(count, rate, fixed(2));
      assert.ok(Math.abs(deviations(mean(stays), 1 - rate, count)) < 4);
      const y = await dropout(tf.ones([count]), rate, fixed(2)).data();
      const each = Math.sqrt(rate / (1 - rate) / count);
      assert.ok(Math.abs(mean(y) - 1) < 4 * each, `mean ${mean(y)}`);
    });

    it(`drops neighbours independently, at ${rate}`, async () => {
      const stays = await kept(count, rate, fixed(3));
      for (const distance of [1, 2, 3, 4, 8, 64, 16_384]) {
        const both = stays.subarray(distance).map((each, i) => each * stays[i]!);
        const off = deviations(mean(both), (1 - rate) ** 2, both.length);
        // Pairs overlap, which makes the variance at most twice that of independent ones.
        assert.ok(Math.abs(off) < 4 * Math.SQRT2, `${off} deviations at a distance of ${distance}`);
      }
    });

    it(`drops every place as often, at ${rate}, over keys that follow one another`, async () => {
      const [places, keys] = [64, 400];
      const key = { draws: 0, integer: () => key.draws++ };
      const each = Array.from({ length: keys }, () =>
        dropout(tf.ones([places]), rate, key as unknown as Stream),
      );
      const stays = (await tf.concat(each).data()).map(Math.sign);
      const counts = new Float64Array(places);
      let alike = 0;
      stays.forEach((stay, i) => {
        counts[i % places]! += stay;
        if (i >= places && stay === 1 && stays[i - places] === 1) alike++;
      });
      // Pearson's statistic: mean 64, variance 128
      const variance = keys * rate * (1 - rate);
      const statistic = counts.reduce((sum, n) => sum + (n - keys * (1 - rate)) ** 2 / variance, 0);
      assert.ok(Math.abs(statistic - places) < 4 * Math.sqrt(2 * places), `χ² ${statistic}`);
      const pairs = places * (keys - 1);
      const off = deviations(alike / pairs, (1 - rate) ** 2, pairs);
      assert.ok(Math.abs(off) < 4 * Math.SQRT2, `${off} deviations from key to key`);
    });
  }

  it('draws a key a call, and nothing where nothing is dropped', async () => {
    const [a, b] = [fixed(4), fixed(4)];
    const first = await kept(1000, 0.5, a);
    const second = await kept(1000, 0.5, a);
    assert.notDeepEqual(first, second);
    const x = random([5], 1);
    assert.equal(dropout(x, 0, b), x);
    assert.equal(dropout(x, 0.5, undefined), x);
    assert.deepEqual(await kept(1000, 0.5, b), first);
    assert.deepEqual(await kept(1000, 0.5, b), second);
  });

  it('names a rate that is none', async () => {
    for (const rate of [-0.1, 1, NaN]) {
      const message = new RegExp(`dropout: rate must be at least 0 and below 1, got ${rate}`);
      assert.throws(() => dropout(tf.zeros([2]), rate, undefined), message);
      const x = tf.zeros([1, 2, 3]);
      const options = { heads: 1, scale: 1, dropout: { rate, random: undefined } };
      assert.throws(() => attention({ query: x, key: x, value: x }, options), message);
    }
    // Close to 1 nearly everything is dropped, and not nothing.
    const rest = await dropout(tf.ones([1000]), 1 - 2 ** -40, fixed(5)).data();
    assert.ok(rest.every((value) => value === 0));
  });

  it('keeps no tensor', () =>
    assertSteady(() => {
      tf.tidy(() => {
        const x = random([2, 6, 8], 1);
        tf.grad((input: tf.Tensor) => {
          const kept = dropout(input, 0.3, fixed(1));
          const options = { heads: 2, scale: 1, dropout: { rate: 0.3, random: fixed(2) } };
          return attention({ query: kept, key: kept, value: input }, options).mixed;
        })(x);
      });
    }));
});

describe('dropout of attention weights', () => {
  for (const { batch, queries, keys, heads, shared, groups, offset } of [
    { batch: 1, queries: 1, keys: 1, heads: 1, shared: false, groups: 1, offset: false },
    { batch: 2, queries: 5, keys: 7, heads: 3, shared: false, groups: 1, offset: true },
    { batch: 3, queries: 9, keys: 70, heads: 2, shared: true, groups: 2, offset: true },
    { batch: 2, queries: 37, keys: 33, heads: 1, shared: false, groups: 3, offset: false },
  ]) {
    it(`of ${queries} queries, ${keys} keys, ${heads} heads equals the plain form`, async () => {
      const inputs = [
        random([shared ? 1 : batch, queries, 4 * heads], 1),
        random([batch, keys, 4 * heads], 2),
        random([batch, keys, 3 * heads], 3),
        ...(offset ? [random([batch, keys], 4)] : []),
      ];
      const through =
        (form: typeof attention, rate = 0.4) =>
        (...[query, key, value, onKeys]: tf.Tensor[]) =>
          form(
            { query: query!, key: key!, value: value!, ...(onKeys ? { offset: onKeys } : {}) },
            { heads, scale: 0.3, groups, dropout: { rate, random: fixed(6) } },
          );
      await assertSameFunction(
        (...x) => through(attention)(...x).mixed,
        (...x) => through(plainAttention)(...x).mixed,
        inputs,
      );
      // What is given as weights has everything.
      const { weights } = through(attention)(...inputs);
      const without = through(attention, 0)(...inputs);
      assert.deepEqual(await weights.data(), await without.weights.data());
    });
  }

  it('multiplies weights by dropout of ones, under the same key', async () => {
    const [query, key] = [random([2, 4, 6], 1), random([2, 5, 6], 2)];
    // Values of one are mixed to the sum of what is left of each query's weights.
    const value = tf.ones([2, 5, 2]);
    const options = { heads: 2, scale: 0.5, dropout: { rate: 0.5, random: fixed(7) } };
    const { mixed, weights } = attention({ query, key, value }, options);
    const left = tf.mul(weights, dropout(tf.onesLike(weights), 0.5, fixed(7)));
    const sums = tf.transpose(tf.sum(left, -1), [0, 2, 1]);
    await assertClose('sums', mixed, await asExpected(sums), 'layer');
  });

  it('has the gradient of finite differences', async () => {
    const inputs = [random([1, 3, 4], 1), random([1, 5, 4], 2), random([1, 5, 4], 3)];
    const dy = random([1, 3, 4], 4);
    const loss = (...[query, key, value]: tf.Tensor[]) =>
      tf.sum(
        tf.mul(
          attention(
            { query: query!, key: key!, value: value! },
            { heads: 2, scale: 0.5, dropout: { rate: 0.4, random: fixed(8) } },
          ).mixed,
          dy,
        ),
      );
    const gradients = tf.grads(loss)(inputs);
    const step = 1e-2;
    for (const [place, gradient] of gradients.entries()) {
      const direction = random(gradient.shape, 20 + place);
      const moved = (by: number) =>
        loss(...inputs.map((x, i) => (i === place ? tf.add(x, tf.mul(direction, by)) : x)));
      const [ahead] = await moved(step).data();
      const [behind] = await moved(-step).data();
      const [along] = await tf.sum(tf.mul(gradient, direction)).data();
      const slope = (ahead! - behind!) / (2 * step);
      // Third derivatives and rounding: about 1e-4 each
      assert.ok(Math.abs(slope - along!) < 1e-3 * (1 + Math.abs(along!)), `${slope}, ${along}`);
    }
  });
});
