import assert from 'node:assert/strict';
import { inverse, permute } from '../../src/tensor/permute.js';
import { tf } from '../../src/tensor/tf.js';

describe('permute', () => {
  const shape = [2, 3, 4, 5];
  const values = Float32Array.from({ length: 120 }, (_, index) => index);

  for (const axes of [
    [0, 1, 2, 3],
    [2, 3, 1, 0],
    [3, 0, 2, 1],
    [1, 0, 3, 2],
  ]) {
    it(`equals TF.js's transposition to ${axes.join()}, and can be taken back`, async () => {
      const expected = tf.transpose(tf.tensor(values, shape), axes);
      const permuted = permute(values, shape, axes);
      assert.deepEqual(permuted, await expected.data());
      assert.deepEqual(permute(permuted, expected.shape, inverse(axes)), values);
    });
  }
});
