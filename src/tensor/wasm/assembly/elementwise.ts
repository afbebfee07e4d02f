/** What is done to every value by itself, and sums of values. Chunks are ranges of values. */
import { address, at, integer, real } from './arguments';
import { errorFunction, exponential, total } from './functions';
import { loadUpTo, storeUpTo } from './parts';

/** y = x·Φ(x). Arguments: size, values per chunk, x, y. */
export function gelu(block: usize, chunk: i32): void {
  const first = chunk * integer(block, 1);
  const size = min(first + integer(block, 1), integer(block, 0));
  for (let i = first; i < size; i += 4) {
    const x = loadUpTo(address(block, 2), i, size, 0);
    storeUpTo(address(block, 3), i, size, f32x4.mul(x, normalDistribution(x)));
  }
}

/** dx = dy·(Φ(x) + x·φ(x)). Arguments: size, values per chunk, x, dy, dx. */
export function geluGradient(block: usize, chunk: i32): void {
  const first = chunk * integer(block, 1);
  const size = min(first + integer(block, 1), integer(block, 0));
  for (let i = first; i < size; i += 4) {
    const x = loadUpTo(address(block, 2), i, size, 0);
    const dy = loadUpTo(address(block, 3), i, size, 0);
    const power = exponential(f32x4.mul(f32x4.mul(x, x), f32x4.splat(-0.5)));
    const density = f32x4.mul(power, f32x4.splat(0.3989422804014327));
    const slope = f32x4.add(normalDistribution(x), f32x4.mul(x, density));
    storeUpTo(address(block, 4), i, size, f32x4.mul(dy, slope));
  }
}

/** Φ(x) = ½ + ½·erf(x/√2) */
function normalDistribution(x: v128): v128 {
  const erf = errorFunction(f32x4.mul(x, f32x4.splat(0.7071067811865476)));
  return f32x4.add(f32x4.mul(erf, f32x4.splat(0.5)), f32x4.splat(0.5));
}

/**
 * Of each chunk, Σ c·(e − c/2) with e = predicted − target and c = e clipped to ±1. Arguments: size, values
 * per chunk, target, predicted, sums.
 */
export function smoothL1(block: usize, chunk: i32): void {
  const first = chunk * integer(block, 1);
  const size = min(first + integer(block, 1), integer(block, 0));
  let sums = f32x4.splat(0);
  for (let i = first; i < size; i += 4) {
    const predicted = loadUpTo(address(block, 3), i, size, 0);
    const error = f32x4.sub(predicted, loadUpTo(address(block, 2), i, size, 0));
    const clipped = f32x4.max(f32x4.min(error, f32x4.splat(1)), f32x4.splat(-1));
    const half = f32x4.mul(clipped, f32x4.splat(0.5));
    sums = f32x4.add(sums, f32x4.mul(clipped, f32x4.sub(error, half)));
  }
  store<f32>(at(address(block, 4), chunk), total(sums));
}

/** factor·c. Arguments: size, values per chunk, target, predicted, address of dy, result, scale; factor = dy·scale. */
export function smoothL1Gradient(block: usize, chunk: i32): void {
  const first = chunk * integer(block, 1);
  const size = min(first + integer(block, 1), integer(block, 0));
  const factor = f32x4.splat(load<f32>(address(block, 4)) * real(block, 6));
  for (let i = first; i < size; i += 4) {
    const predicted = loadUpTo(address(block, 3), i, size, 0);
    const error = f32x4.sub(predicted, loadUpTo(address(block, 2), i, size, 0));
    const clipped = f32x4.max(f32x4.min(error, f32x4.splat(1)), f32x4.splat(-1));
    storeUpTo(address(block, 5), i, size, f32x4.mul(clipped, factor));
  }
}

/** Sums of the columns of x, a chunk per sixteen columns. Arguments: rows, width, x, sums. */
export function columnSums(block: usize, chunk: i32): void {
  const rows = integer(block, 0);
  const width = integer(block, 1);
  for (let column = chunk * 16; column < min(chunk * 16 + 16, width); column += 4) {
    let sums = f32x4.splat(0);
    let x = address(block, 2);
    for (let row = 0; row < rows; row++) {
      sums = f32x4.add(sums, loadUpTo(x, column, width, 0));
      x = at(x, width);
    }
    storeUpTo(address(block, 3), column, width, sums);
  }
}
