import assert from 'node:assert/strict';
import type { NamedValues } from '../../src/tensor/parameters.js';
import { Best } from '../../src/training/best.js';

describe('the best parameters', () => {
  const values = (value: number): NamedValues =>
    new Map([['a', { shape: [1], values: Float32Array.of(value) }]]);

  it('are those of the lowest loss, the first of equal ones, and others are not read', async () => {
    const best = new Best();
    assert.equal(best.state(), undefined);
    const read: number[] = [];
    for (const [step, loss] of [3, 2, 2, 5, 1, 4].entries()) {
      await best.observe(loss, () => {
        read.push(step);
        return Promise.resolve(values(step));
      });
    }
    assert.deepEqual(read, [0, 1, 4]);
    assert.deepEqual(best.state(), { loss: 1, tensors: values(4) });
  });

  it('go on from where others were', async () => {
    const best = new Best();
    best.restore({ loss: 2, tensors: values(7) });
    await best.observe(3, () => Promise.reject(new Error('not to be read')));
    assert.deepEqual(best.state()!.tensors, values(7));
  });
});
