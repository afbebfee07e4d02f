/** An assertion on tensors that can say no: shape first, then non-finite values, then the error. */
import assert from 'node:assert/strict';
import { compare } from '../../src/evaluation/compare.js';
import type { StoredTensor } from '../../src/files/safetensors.js';
import type { tf } from '../../src/tensor/tf.js';
import { tolerance, type Tolerance } from './tolerances.js';

/**
 * Asserts that a tensor is what is expected, within a limit relative to the largest expected value, or to
 * `floor` where all of them are smaller.
 *
 * @param within a kind of tolerances.ts, or a limit of something that is no rounding
 */
export async function assertClose(
  name: string,
  actual: tf.Tensor,
  expected: StoredTensor,
  within: Tolerance | number,
  floor = 1e-6,
): Promise<void> {
  const limit = typeof within === 'number' ? within : tolerance(within);
  const worst = await compare(name, actual, expected, floor);
  assert.ok(
    worst.error <= limit,
    `${name}: relative error ${worst.error.toExponential(2)} above ${limit}; ` +
      `expected ${worst.expected} at index ${worst.index}, got ${worst.actual}`,
  );
}
