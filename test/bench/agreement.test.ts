import assert from 'node:assert/strict';
import { compareEngines } from '../../src/bench/agreement.js';
import { measurementOf } from '../support/bench.js';

describe('the agreement of the engines', () => {
  const compare = (reference: number[], other: number[]) =>
    compareEngines([
      measurementOf({ engine: 'PyTorch', values: reference }),
      measurementOf({ values: other }),
    ]);

  it('the first losses and those five steps later are compared', () => {
    const [agreement] = compare([2, 0, 0, 0, 0, 4, 0], [2.001, 9, 9, 9, 9, 4, 9]);
    assert.ok(Math.abs(agreement!.first - 0.0005) < 1e-12);
    assert.equal(agreement!.later, 0);
    assert.equal(agreement!.steps, 5);
    assert.equal(agreement!.reference, 'PyTorch');
    assert.equal(agreement!.agrees, true);
  });

  it('fewer steps are compared where one of the two made fewer', () => {
    const [agreement] = compare([2, 3, 4, 5, 6, 7], [2, 3]);
    assert.equal(agreement!.steps, 1);
    assert.equal(agreement!.agrees, true);
  });

  it('a loss that is off fails, first or later, and so does one that is not a number', () => {
    const right = [1, 1, 1, 1, 1, 1];
    for (const wrong of [
      [1.002, 1, 1, 1, 1, 1],
      [1, 1, 1, 1, 1, 0.998],
      [NaN, 1, 1, 1, 1, 1],
      [1, 1, 1, 1, 1, NaN],
    ]) {
      assert.equal(compare(right, wrong)[0]!.agrees, false, String(wrong));
    }
  });

  it('an engine that made no step is left out', () => {
    assert.deepEqual(compareEngines([]), []);
    assert.deepEqual(compare([], [1]), []);
  });
});
