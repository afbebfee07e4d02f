/** The end of a row that does not fill four lanes. */
import { at } from './arguments';

/** One to three values and, in the lanes that are left, `rest`. */
export function loadPart(from: usize, count: i32, rest: f32): v128 {
  let x = f32x4.replace_lane(f32x4.splat(rest), 0, load<f32>(from));
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(from, 4));
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(from, 8));
  return x;
}

export function storePart(to: usize, x: v128, count: i32): void {
  store<f32>(to, f32x4.extract_lane(x, 0));
  if (count > 1) store<f32>(to, f32x4.extract_lane(x, 1), 4);
  if (count > 2) store<f32>(to, f32x4.extract_lane(x, 2), 8);
}

/** Four values, or what is left of a row of `width` from `column` on and `rest` in the other lanes. */
export function loadUpTo(row: usize, column: i32, width: i32, rest: f32): v128 {
  const from = at(row, column);
  return column + 4 <= width ? v128.load(from) : loadPart(from, width - column, rest);
}

export function storeUpTo(row: usize, column: i32, width: i32, x: v128): void {
  const to = at(row, column);
  if (column + 4 <= width) v128.store(to, x);
  else storePart(to, x, width - column);
}
