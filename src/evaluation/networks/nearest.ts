/** Sets of rows: for outputs that have no order. */

/**
 * Which row of `others` is the nearest to each row of `rows`. Each is taken once, so that what remains is the
 * distance of two sets and not of a set and a part of another.
 *
 * @param rows numbers of rows of `values`, all `width` long
 * @param others as many numbers of rows of `from`
 * @returns for each of `rows` the number of a row of `from`
 */
export function nearestRows(
  values: ArrayLike<number>,
  rows: readonly number[],
  from: ArrayLike<number>,
  others: readonly number[],
  width: number,
): number[] {
  const left = new Set(others);
  return rows.map((row) => {
    let [nearest, least] = [-1, Infinity];
    for (const other of left) {
      let distance = 0;
      for (let column = 0; column < width; column++) {
        distance += (values[row * width + column]! - from[other * width + column]!) ** 2;
      }
      // What is not finite is near to nothing and takes what is there.
      if (nearest < 0 || distance < least) [nearest, least] = [other, distance];
    }
    left.delete(nearest);
    return nearest;
  });
}
