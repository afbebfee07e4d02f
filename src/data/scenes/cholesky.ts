/** Symmetric positive definite matrices: A = L Lᵀ with a lower triangle L, and what follows from it. */

export type Matrix = readonly (readonly number[])[];

/**
 * L of A.
 *
 * @throws Error when A is not positive definite
 */
export function cholesky(matrix: Matrix): number[][] {
  const lower: number[][] = [];
  matrix.forEach((values, row) => {
    const own: number[] = [];
    for (let column = 0; column <= row; column++) {
      const other = column === row ? own : lower[column]!;
      let rest = values[column]!;
      for (let at = 0; at < column; at++) rest -= own[at]! * other[at]!;
      if (column < row) own.push(rest / other[column]!);
      else if (rest > 0) own.push(Math.sqrt(rest));
      else throw new Error(`cholesky: the matrix is not positive definite in row ${row}`);
    }
    lower.push(own);
  });
  return lower;
}

/** L⁻¹ b */
export function solveLower(lower: Matrix, values: readonly number[]): number[] {
  const solution: number[] = [];
  for (let row = 0; row < lower.length; row++) {
    const own = lower[row]!;
    let rest = values[row]!;
    for (let at = 0; at < row; at++) rest -= own[at]! * solution[at]!;
    solution.push(rest / own[row]!);
  }
  return solution;
}

/** A⁻¹ b */
export function solve(lower: Matrix, values: readonly number[]): number[] {
  const solution = solveLower(lower, values);
  for (let row = lower.length - 1; row >= 0; row--) {
    for (let below = row + 1; below < lower.length; below++) {
      solution[row]! -= lower[below]![row]! * solution[below]!;
    }
    solution[row]! /= lower[row]![row]!;
  }
  return solution;
}
