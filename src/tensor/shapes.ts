/**
 * Shapes checked at the door, in the axis letters of the method: B batch, M modalities, N tokens,
 * d width, L aggregated tokens, H heads.
 */

/** Anything that has a shape: a tensor, a variable, or a plain description of one. */
export interface Shaped {
  readonly shape: readonly number[];
}

/** Sizes bound to axis letters. */
export type Axes = Record<string, number>;

/** The letters of a shape: `'B' | 'N' | 'd'` of `'B N d'`. */
type Letters<S extends string> = S extends `${infer First} ${infer Rest}`
  ? First | Letters<Rest>
  : S;

/**
 * Checks tensors against shapes written in axis letters and returns what each letter stands for.
 *
 * @param where the function on whose behalf this checks; it opens the message
 * @param tensors name → [tensor, shape], the shape as letters or sizes between spaces: `'B N 64'`
 * @param known letters that are bound already
 * @returns every letter with its size
 * @throws Error naming the function, the tensor, the expected and the actual shape
 *
 * @example
 * const { B, N, d } = expectShapes('aggregate', { tokens: [tokens, 'B N d'] }, { d: 64 });
 */
export function expectShapes<const T extends Record<string, readonly [Shaped, string]>>(
  where: string,
  tensors: T,
  known: Axes = {},
): Record<Letters<T[keyof T][1]>, number> {
  const bound: Axes = { ...known };
  for (const [name, [tensor, letters]] of Object.entries(tensors)) {
    const axes = letters.split(' ').filter((axis) => axis !== '');
    const expected = axes.map((axis) => (/^\d+$/.test(axis) ? Number(axis) : bound[axis]));
    const fits =
      tensor.shape.length === axes.length &&
      tensor.shape.every((size, axis) => expected[axis] === undefined || expected[axis] === size);
    if (!fits) {
      const wanted = axes.map((axis, index) =>
        expected[index] === undefined || axis === String(expected[index])
          ? axis
          : `${axis}=${expected[index]}`,
      );
      throw new Error(
        `${where}: ${name} must be [${wanted.join(', ')}], got [${tensor.shape.join(', ')}]`,
      );
    }
    axes.forEach((axis, index) => {
      const size = tensor.shape[index]!;
      const before = bound[axis];
      if (before !== undefined && before !== size) {
        throw new Error(
          `${where}: ${name} must have ${axis}=${before} on axis ${index}, got [${tensor.shape.join(', ')}]`,
        );
      }
      bound[axis] = size;
    });
  }
  return bound as Record<Letters<T[keyof T][1]>, number>;
}
