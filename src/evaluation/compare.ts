/** How far a tensor is from the numbers that it should hold. */
import type { StoredTensor } from '../files/safetensors.js';
import { expectShapes } from '../tensor/shapes.js';
import type { tf } from '../tensor/tf.js';

export interface Difference {
  /** The largest absolute difference divided by `scale`; Infinity where either side is not finite */
  readonly error: number;
  /** The largest expected absolute value, or the floor where that is larger */
  readonly scale: number;
  /** Whether `scale` is the floor */
  readonly floored: boolean;
  /** Where the largest difference is, counted through the whole tensor, and what stands there */
  readonly index: number;
  readonly actual: number;
  readonly expected: number;
}

/** One tensor of several, compared. */
export interface Comparison extends Difference {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Compares tensors with what is expected under the same names, in their order. */
export async function compareAll(
  made: Readonly<Record<string, tf.Tensor>>,
  expected: ReadonlyMap<string, StoredTensor>,
  floor: (name: string) => number,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const [name, tensor] of Object.entries(made)) {
    const difference = await compare(name, tensor, expected.get(name)!, floor(name));
    comparisons.push({ name, shape: tensor.shape, ...difference });
  }
  return comparisons;
}

/**
 * The largest difference between a tensor and its expected values, relative to the largest of these.
 *
 * @param name what errors call the tensor
 * @param floor the least that a difference is divided by: where all expected values are rounding around
 *   zero, the rounding of another computation is no error; whatever lies below `floor` times the limit
 *   goes unseen, so it must be small against the values that matter
 * @throws Error naming the tensor when its shape is not the expected one
 */
export async function compare(
  name: string,
  actual: tf.Tensor,
  expected: StoredTensor,
  floor: number,
): Promise<Difference> {
  expectShapes('compare', { [name]: [actual, expected.shape.join(' ')] });
  const values = await actual.data();
  let scale = floor;
  let index = 0;
  let worst = 0;
  values.forEach((value, place) => {
    const wanted = expected.values[place]!;
    scale = Math.max(scale, Math.abs(wanted));
    const distance = Math.abs(value - wanted);
    // Infinity − Infinity is NaN, too.
    const difference = Number.isNaN(distance) ? Infinity : distance;
    if (difference > worst) [worst, index] = [difference, place];
  });
  // Without a difference nothing is divided: with no floor, the scale of zeros is zero.
  const error = worst === 0 ? 0 : worst === Infinity ? Infinity : worst / scale;
  return {
    error,
    scale,
    floored: scale === floor,
    index,
    actual: values[index]!,
    expected: expected.values[index]!,
  };
}
