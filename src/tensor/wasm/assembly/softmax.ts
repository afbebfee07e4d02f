/** Softmax over rows, and its gradient. Each is done in place and in chunks of rows. */
import { address, at, integer, real } from './arguments';
import { exponential, largest, total } from './functions';
import { loadUpTo, storeUpTo } from './parts';

/** x ← softmax(scale·x). Arguments: rows, width, rows per chunk, x, scale. */
export function softmax(block: usize, chunk: i32): void {
  const width = integer(block, 1);
  const first = chunk * integer(block, 2);
  const last = min(first + integer(block, 2), integer(block, 0));
  for (let row = first; row < last; row++)
    softmaxRow(at(address(block, 3), row * width), width, real(block, 4));
}

function softmaxRow(x: usize, width: i32, scale: f32): void {
  const factor = f32x4.splat(scale);
  let most = f32x4.splat(-Infinity);
  for (let i = 0; i < width; i += 4) {
    const scaled = f32x4.mul(loadUpTo(x, i, width, -Infinity), factor);
    most = f32x4.max(most, scaled);
  }
  const shift = f32x4.splat(largest(most));
  let sums = f32x4.splat(0);
  for (let i = 0; i < width; i += 4) {
    const scaled = f32x4.mul(loadUpTo(x, i, width, -Infinity), factor);
    const power = exponential(f32x4.sub(scaled, shift));
    storeUpTo(x, i, width, power);
    sums = f32x4.add(sums, power);
  }
  const inverse = f32x4.splat(1 / total(sums));
  for (let i = 0; i < width; i += 4) {
    storeUpTo(x, i, width, f32x4.mul(loadUpTo(x, i, width, 0), inverse));
  }
}

/** dx ← scale·y·(dy − Σ y·dy), in the place of dy. Arguments: rows, width, rows per chunk, y, dy, scale. */
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
    const scale = f32x4.splat(real(block, 5));
    for (let i = 0; i < width; i += 4) {
      const change = f32x4.sub(loadUpTo(dy, i, width, 0), mean);
      const slope = f32x4.mul(loadUpTo(y, i, width, 0), scale);
      storeUpTo(dy, i, width, f32x4.mul(slope, change));
    }
  }
}
