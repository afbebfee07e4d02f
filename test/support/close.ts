/** A comparison of tensors that can say no: shape first, then non-finite values, then the error. */
import assert from 'node:assert/strict';
import type { StoredTensor } from '../../src/files/safetensors.js';
import type { tf } from '../../src/tensor/tf.js';

/**
 * The largest absolute difference, relative to the largest expected absolute value; where all of that
 * is below `floor`, relative to `floor`, so that rounding around zero does not count as error.
 *
 * @throws AssertionError when shapes differ or either side holds NaN or an infinity
 */
export async function worstError(
  name: string,
  actual: tf.Tensor,
  expected: StoredTensor,
  floor = 1e-6,
): Promise<number> {
  assert.deepEqual(actual.shape, expected.shape, `${name}: shape`);
  const values = await actual.data();
  let worst = 0;
  let largest = floor;
  values.forEach((value, index) => {
    const wanted = expected.values[index]!;
    assert.ok(Number.isFinite(value) && Number.isFinite(wanted), `${name}[${index}] is ${value}`);
    worst = Math.max(worst, Math.abs(value - wanted));
    largest = Math.max(largest, Math.abs(wanted));
  });
  return worst === 0 ? 0 : worst / largest;
}

/** Asserts that `worstError` is within a limit. */
export async function assertClose(
  name: string,
  actual: tf.Tensor,
  expected: StoredTensor,
  limit: number,
  floor?: number,
): Promise<void> {
  const error = await worstError(name, actual, expected, floor);
  assert.ok(error <= limit, `${name}: relative error ${error.toExponential(2)} above ${limit}`);
}
