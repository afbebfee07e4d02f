/**
 * The text's position table for more words than it was trained with. Rows are interpolated linearly between the
 * middles of the old ones: row i of n lies at (i + ½)·m/n − ½ of m, and before the first at the first.
 */

/**
 * @param table [m, d]
 * @returns [n, d]
 */
export function resizedPositions(
  table: ArrayLike<number>,
  [from, width]: readonly [number, number],
  to: number,
): Float32Array {
  const result = new Float32Array(to * width);
  for (let row = 0; row < to; row++) {
    const place = Math.max(0, ((row + 0.5) * from) / to - 0.5);
    const below = Math.floor(place);
    const above = Math.min(below + 1, from - 1);
    const share = place - below;
    for (let column = 0; column < width; column++) {
      const [low, high] = [table[below * width + column]!, table[above * width + column]!];
      result[row * width + column] = (1 - share) * low + share * high;
    }
  }
  return result;
}
