/** Two functions of the same tensors, compared with their gradients. */
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from './close.js';
import type { Tolerance } from './tolerances.js';

/** Normally distributed values, the same for the same seed. */
export const random = (shape: number[], seed: number, deviation = 1): tf.Tensor =>
  tf.randomNormal(shape, 0, deviation, 'float32', seed);

/** What a tensor holds, as `assertClose` expects it. */
export const asExpected = async (tensor: tf.Tensor) => ({
  shape: tensor.shape,
  values: (await tensor.data()) as Float32Array,
});

/** Asserts that values and gradients of both functions agree at these inputs. */
export async function assertSameFunction(
  fast: (...inputs: tf.Tensor[]) => tf.Tensor,
  plain: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: tf.Tensor[],
  within: Tolerance | number = 'layer',
): Promise<void> {
  const expected = plain(...inputs);
  await assertClose('value', fast(...inputs), await asExpected(expected), within);
  const dy = random(expected.shape, 99);
  const actualGradients = tf.grads(fast)(inputs, dy);
  const expectedGradients = tf.grads(plain)(inputs, dy);
  for (const [index, gradient] of expectedGradients.entries()) {
    const name = `gradient of input ${index}`;
    await assertClose(name, actualGradients[index]!, await asExpected(gradient), within);
  }
}
