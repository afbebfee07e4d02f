/** Values away from any backend with their axes in another order: weights as other libraries lay them out. */

/**
 * @param shape of the values
 * @param axes the axes of `shape` in the order that they get
 */
export function permute(
  values: ArrayLike<number>,
  shape: readonly number[],
  axes: readonly number[],
): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const counts = axes.map((axis) => shape[axis]!);
  const steps = axes.map((axis) => strides[axis]!);
  const place = counts.map(() => 0);
  const result = new Float32Array(values.length);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = values[from]!;
    // The last axis moves on; one that is through begins anew and moves the one before it.
    for (let axis = counts.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++place[axis]! < counts[axis]!) break;
      from -= steps[axis]! * counts[axis]!;
      place[axis] = 0;
    }
  }
  return result;
}

/** The order of axes that takes `axes` back. */
export const inverse = (axes: readonly number[]): number[] =>
  axes.map((_, axis) => axes.indexOf(axis));
