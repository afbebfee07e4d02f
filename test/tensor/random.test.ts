import assert from 'node:assert/strict';
import { stream } from '../../src/tensor/random.js';

const draws = (seed: number, name: string) => {
  const random = stream(seed, name);
  return Array.from({ length: 5 }, () => random.uniform());
};

describe('stream', () => {
  it('repeats itself and nobody else', () => {
    assert.deepEqual(draws(7, 'a'), draws(7, 'a'));
    assert.notDeepEqual(draws(7, 'a'), draws(7, 'b'));
    assert.notDeepEqual(draws(7, 'a'), draws(8, 'a'));
  });

  it('has copies that draw the same, and are moved by nobody else', () => {
    const random = stream(7, 'a');
    random.uniform();
    const copy = random.copy();
    const expected = [random.integer(1000), random.normal(), random.uniform()];
    assert.deepEqual([copy.integer(1000), copy.normal(), copy.uniform()], expected);
  });

  it('draws uniformly', () => {
    const random = stream(1, 'uniform');
    const counts = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 10_000; draw++) counts[random.integer(10)]!++;
    // Chi-squared with 9 degrees of freedom stays below 27.9 in 999 of 1,000 cases.
    const statistic = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    assert.ok(statistic < 27.9, `chi-squared ${statistic}`);
  });

  it('draws normally', () => {
    const random = stream(1, 'normal');
    const values = Array.from({ length: 20_000 }, () => random.normal());
    const moment = (power: number) =>
      values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    assert.ok(Math.abs(moment(1)) < 0.03, `mean ${moment(1)}`);
    assert.ok(Math.abs(moment(2) - 1) < 0.04, `variance ${moment(2)}`);
    assert.ok(Math.abs(moment(4) - 3) < 0.3, `fourth moment ${moment(4)}`);
  });

  it('shuffles without losing anything, into every order', () => {
    const random = stream(1, 'shuffle');
    const items = ['a', 'b', 'c'];
    const orders = new Set(Array.from({ length: 200 }, () => random.shuffled(items).join('')));
    assert.equal(orders.size, 6);
    assert.deepEqual(items, ['a', 'b', 'c']);
  });
});
