/** Softmax over rows, and its gradient. Each is done in place and in chunks of rows. */
import { address, at, integer } from './arguments';
import { exponential, largest, total } from './functions';
import { loadUpTo, storeUpTo } from './parts';

/** x ← softmax(x). Arguments: rows, width, rows per chunk, x. */
export function softmax(block: usize, chunk: i32): void {
  const width = integer(block, 1);
  const first = chunk * integer(block, 2);
  const last = min(first + integer(block, 2), integer(block, 0));
  for (let row = first; row < last; row++) softmaxRow(at(address(block, 3), row * width), width);
}

function softmaxRow(x: usize, width: i32): void {
  let most = f32x4.splat(-Infinity);
  for (let i = 0; i < width; i += 4) most = f32x4.max(most, loadUpTo(x, i, width, -Infinity));
  const shift = f32x4.splat(largest(most));
  let sums = f32x4.splat(0);
  for (let i = 0; i < width; i += 4) {
    const power = exponential(f32x4.sub(loadUpTo(x, i, width, -Infinity), shift));
    storeUpTo(x, i, width, power);
    sums = f32x4.add(sums, power);
  }
  const factor = f32x4.splat(1 / total(sums));
  for (let i = 0; i < width; i += 4) {
    storeUpTo(x, i, width, f32x4.mul(loadUpTo(x, i, width, 0), factor));
  }
}

/** dx ← y·(dy − Σ y·dy), in the place of dy. Arguments: rows, width, rows per chunk, y, dy. */
export function softmaxGradient(block: usize, chunk: i32): void {
  const width = integer(block, 1);
  const first = chunk * integer(block, 2);
  const last = min(first + integer(block, 2), integer(block, 0));
  for (let row = first; row < last; row++) {
    const y = at(address(block, 3), row * width);
    const dy = at(address(block, 4), row * width);
    let sums = f32x4.splat(0);
    for (let i = 0; i < width; i += 4) {
      const product = f32x4.mul(loadUpTo(y, i, width, 0), loadUpTo(dy, i, width, 0));
      sums = f32x4.add(sums, product);
    }
    const mean = f32x4.splat(total(sums));
    for (let i = 0; i < width; i += 4) {
      const change = f32x4.sub(loadUpTo(dy, i, width, 0), mean);
      storeUpTo(dy, i, width, f32x4.mul(loadUpTo(y, i, width, 0), change));
    }
  }
}
