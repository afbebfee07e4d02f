/**
 * Gradients of convolutions in which each channel meets a filter of its own. Both begin with the arguments
 * batch, height and width of the input, channels, height and width of the output, height and width of the
 * filter, strides down and across, cells of padding above and to the left.
 */
import { address, at, integer } from './arguments';
import { loadUpTo, storeUpTo } from './parts';

/**
 * dx, a chunk per row of it: for each cell, the sum of filter·dy over the windows it was in. Further
 * arguments: dy, filter, dx.
 */
export function depthwiseInputGradient(block: usize, chunk: i32): void {
  const inHeight = integer(block, 1);
  const inWidth = integer(block, 2);
  const channels = integer(block, 3);
  const outHeight = integer(block, 4);
  const outWidth = integer(block, 5);
  const filterHeight = integer(block, 6);
  const filterWidth = integer(block, 7);
  const strideHeight = integer(block, 8);
  const strideWidth = integer(block, 9);
  const sample = chunk / inHeight;
  const bottom = (chunk % inHeight) + integer(block, 10);
  const dy = at(address(block, 12), sample * outHeight * outWidth * channels);
  let dx = at(address(block, 14), chunk * inWidth * channels);
  memory.fill(dx, 0, (<usize>(inWidth * channels)) << 2);
  for (let column = 0; column < inWidth; column++) {
    const right = column + integer(block, 11);
    for (let row = bottom % strideHeight; row < filterHeight; row += strideHeight) {
      const outRow = (bottom - row) / strideHeight;
      if (row > bottom || outRow >= outHeight) continue;
      for (let across = right % strideWidth; across < filterWidth; across += strideWidth) {
        const outColumn = (right - across) / strideWidth;
        if (across > right || outColumn >= outWidth) continue;
        const filter = at(address(block, 13), (row * filterWidth + across) * channels);
        addProducts(dx, filter, at(dy, (outRow * outWidth + outColumn) * channels), channels);
      }
    }
    dx = at(dx, channels);
  }
}

/** to ← to + x·y, value by value. */
function addProducts(to: usize, x: usize, y: usize, width: i32): void {
  let i = 0;
  for (; i + 4 <= width; i += 4) {
    const product = f32x4.mul(v128.load(at(x, i)), v128.load(at(y, i)));
    v128.store(at(to, i), f32x4.add(v128.load(at(to, i)), product));
  }
  if (i == width) return;
  const product = f32x4.mul(loadUpTo(x, i, width, 0), loadUpTo(y, i, width, 0));
  storeUpTo(to, i, width, f32x4.add(loadUpTo(to, i, width, 0), product));
}

/**
 * The filter's gradient, a chunk per sixteen channels of one position of the filter: the sum of x·dy over
 * all cells of the output, row by row. Further arguments: x, dy, the gradient.
 */
export function depthwiseFilterGradient(block: usize, chunk: i32): void {
  const inHeight = integer(block, 1);
  const inWidth = integer(block, 2);
  const channels = integer(block, 3);
  const outHeight = integer(block, 4);
  const outWidth = integer(block, 5);
  const filterWidth = integer(block, 7);
  const strideHeight = integer(block, 8);
  const strideWidth = integer(block, 9);
  // The positions for the same channels follow each other, while their values are still in the cache.
  const positions = integer(block, 6) * filterWidth;
  const position = chunk % positions;
  const first = (chunk / positions) * 16;
  const last = min(first + 16, channels);
  const down = position / filterWidth - integer(block, 10);
  const across = (position % filterWidth) - integer(block, 11);
  const from = max(0, (strideWidth - 1 - across) / strideWidth);
  const until = min(outWidth, (inWidth - across + strideWidth - 1) / strideWidth);
  const sums = at(address(block, 14), position * channels);
  for (let i = first; i < last; i += 4) storeUpTo(sums, i, channels, f32x4.splat(0));
  for (let line = 0; line < integer(block, 0) * outHeight; line++) {
    const inRow = (line % outHeight) * strideHeight + down;
    if (inRow < 0 || inRow >= inHeight) continue;
    const inLine = (line / outHeight) * inHeight + inRow;
    const x = at(address(block, 12), (inLine * inWidth + across) * channels);
    const dy = at(address(block, 13), line * outWidth * channels);
    if (last - first == 16) {
      const left = at(x, from * strideWidth * channels + first);
      const right = at(dy, from * channels + first);
      addSixteenSums(at(sums, first), left, strideWidth * channels, right, channels, until - from);
      continue;
    }
    for (let i = first; i < last; i += 4) {
      let sum = f32x4.splat(0);
      for (let column = from; column < until; column++) {
        const left = loadUpTo(at(x, column * strideWidth * channels), i, channels, 0);
        const right = loadUpTo(at(dy, column * channels), i, channels, 0);
        sum = f32x4.add(sum, f32x4.mul(left, right));
      }
      storeUpTo(sums, i, channels, f32x4.add(loadUpTo(sums, i, channels, 0), sum));
    }
  }
}

/** to ← to + Σ x·y for sixteen values side by side; the steps lead from one x and y to the next. */
function addSixteenSums(to: usize, x: usize, xStep: i32, y: usize, yStep: i32, count: i32): void {
  let sum0 = f32x4.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  for (let i = 0; i < count; i++) {
    sum0 = f32x4.add(sum0, f32x4.mul(v128.load(x), v128.load(y)));
    sum1 = f32x4.add(sum1, f32x4.mul(v128.load(x, 16), v128.load(y, 16)));
    sum2 = f32x4.add(sum2, f32x4.mul(v128.load(x, 32), v128.load(y, 32)));
    sum3 = f32x4.add(sum3, f32x4.mul(v128.load(x, 48), v128.load(y, 48)));
    x = at(x, xStep);
    y = at(y, yStep);
  }
  v128.store(to, f32x4.add(v128.load(to), sum0));
  v128.store(to, f32x4.add(v128.load(to, 16), sum1), 16);
  v128.store(to, f32x4.add(v128.load(to, 32), sum2), 32);
  v128.store(to, f32x4.add(v128.load(to, 48), sum3), 48);
}
