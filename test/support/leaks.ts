/** Counting tensors: what is made and not given to the caller must be gone again. */
import assert from 'node:assert/strict';
import { tf } from '../../src/tensor/tf.js';

/**
 * Asserts that repeating something keeps no tensor.
 *
 * @param once does it once and disposes of what it is given; run twice before the count begins, so that
 *   optimisers and caches have made theirs
 */
export async function assertSteady(once: () => unknown): Promise<void> {
  await once();
  await once();
  const before = tf.memory().numTensors;
  for (let repeat = 0; repeat < 5; repeat++) await once();
  assert.equal(tf.memory().numTensors, before, 'tensors after five repetitions');
}
