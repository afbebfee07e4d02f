/** Windows over time, value by value, and the gradient of a convolution over them. */
import assert from 'node:assert/strict';
import { tf } from '../../src/tensor/tf.js';
import { windows } from '../../src/tensor/windows.js';
import { random } from '../support/compare.js';
import { tolerance } from '../support/tolerances.js';

const [batch, steps, features] = [2, 6, 3];

describe('windows', () => {
  let x: tf.Tensor;
  before(() => {
    x = random([batch, steps, features], 1);
  });

  for (const length of [1, 4, steps]) {
    it(`of ${length} steps hold these steps, one behind the other`, async () => {
      const values = await x.data();
      const count = steps - length + 1;
      const expected = Array.from({ length: batch * count }, (_, row) => {
        const first = Math.floor(row / count) * steps + (row % count);
        return [...values.slice(first * features, (first + length) * features)];
      }).flat();
      const cut = windows(x, length);
      assert.deepEqual(cut.shape, [batch, count, length * features]);
      assert.deepEqual([...(await cut.data())], expected);
    });

    it(`of ${length} steps have the gradient of a convolution`, async () => {
      const count = steps - length + 1;
      const weight = random([length * features, 5], 2);
      const dy = random([batch * count, 5], 3);
      const convolved = (input: tf.Tensor) =>
        tf.matMul(tf.reshape(windows(input, length), [batch * count, -1]), weight);
      const gradient = await tf.grad(convolved)(x, dy).data();
      // The convolution is linear: the difference quotient is exact at any distance.
      const [at, W, dY] = [await x.data(), await weight.data(), await dy.data()];
      const along = (values: ArrayLike<number>) => sumOfProducts(values, W, dY, length);
      for (let index = 0; index < at.length; index++) {
        const moved = Float64Array.from(at);
        moved[index]! += 1;
        const expected = along(moved) - along(at);
        const error = Math.abs(gradient[index]! - expected);
        assert.ok(error <= 10 * tolerance('layer'), `${error} at ${index}`);
      }
    });
  }

  it('name what is too short', () => {
    assert.throws(() => windows(x, 7), /windows: 6 steps are fewer than the 7 of a window/);
  });
});

/** Σ dY·(convolution of x by W), in double precision and by its definition */
function sumOfProducts(
  x: ArrayLike<number>,
  W: ArrayLike<number>,
  dY: ArrayLike<number>,
  length: number,
): number {
  const count = steps - length + 1;
  let total = 0;
  for (let sample = 0; sample < batch; sample++) {
    for (let place = 0; place < count; place++) {
      for (let output = 0; output < 5; output++) {
        for (let step = 0; step < length; step++) {
          for (let feature = 0; feature < features; feature++) {
            const value = x[(sample * steps + place + step) * features + feature]!;
            const weight = W[(step * features + feature) * 5 + output]!;
            total += dY[(sample * count + place) * 5 + output]! * weight * value;
          }
        }
      }
    }
  }
  return total;
}
