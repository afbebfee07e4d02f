/** Proof, in a notebook, that what the reader wrote computes what the library does. */
import type { tf } from '../tensor/tf.js';
import { display } from './display.js';

/** Numbers as a tensor or as nested arrays. */
export type Numbers = tf.Tensor | number | readonly Numbers[];

const isTensor = (value: Numbers): value is tf.Tensor =>
  typeof value === 'object' && 'dtype' in value;

async function flattened(value: Numbers): Promise<number[]> {
  if (typeof value === 'number') return [value];
  if (isTensor(value)) return [...(await value.data())];
  return (await Promise.all(value.map(flattened))).flat();
}

/**
 * Says how far two results are apart, and stops the cell when that is more than rounding.
 *
 * @param what what is compared
 * @param tolerance the largest difference allowed, relative to the largest number
 * @throws Error when the counts differ or the numbers do
 */
export async function assertSame(
  what: string,
  mine: Numbers,
  library: Numbers,
  tolerance = 1e-5,
): Promise<void> {
  const [a, b] = await Promise.all([flattened(mine), flattened(library)]);
  if (a.length !== b.length) throw new Error(`${what}: ${a.length} numbers against ${b.length}`);
  const largest = Math.max(1e-30, ...b.map(Math.abs));
  const worst = Math.max(0, ...a.map((value, index) => Math.abs(value - b[index]!))) / largest;
  // Written so that NaN fails too.
  if (!(worst <= tolerance)) throw new Error(`${what}: the results differ by ${worst}`);
  display({
    'text/plain': `${what}: ${a.length} numbers agree, worst difference ${worst.toExponential(1)}`,
  });
}
