/** Layer normalisation over rows, and its gradients. */
import { address, at, integer, real } from './arguments';
import { total } from './functions';
import { loadUpTo, storeUpTo } from './parts';

/**
 * y = (x − mean)/σ·weight + bias. Arguments: rows, width, rows per chunk, x, weight, bias, y, mean, 1/σ, ε;
 * mean and 1/σ, one of each a row, are kept for the gradient.
 */
export function layerNorm(block: usize, chunk: i32): void {
  const width = integer(block, 1);
  const first = chunk * integer(block, 2);
  const last = min(first + integer(block, 2), integer(block, 0));
  const weight = address(block, 4);
  const bias = address(block, 5);
  for (let row = first; row < last; row++) {
    const x = at(address(block, 3), row * width);
    const y = at(address(block, 6), row * width);
    let sums = f32x4.splat(0);
    for (let i = 0; i < width; i += 4) sums = f32x4.add(sums, loadUpTo(x, i, width, 0));
    const mean = total(sums) / <f32>width;
    const shift = f32x4.splat(mean);
    let squares = f32x4.splat(0);
    for (let i = 0; i < width; i += 4) {
      const centred = f32x4.sub(loadUpTo(x, i, width, mean), shift);
      squares = f32x4.add(squares, f32x4.mul(centred, centred));
    }
    const inverse: f32 = <f32>1 / sqrt<f32>(total(squares) / <f32>width + real(block, 9));
    for (let i = 0; i < width; i += 4) {
      const centred = f32x4.sub(loadUpTo(x, i, width, 0), shift);
      const scaled = f32x4.mul(
        f32x4.mul(centred, f32x4.splat(inverse)),
        loadUpTo(weight, i, width, 0),
      );
      storeUpTo(y, i, width, f32x4.add(scaled, loadUpTo(bias, i, width, 0)));
    }
    store<f32>(at(address(block, 7), row), mean);
    store<f32>(at(address(block, 8), row), inverse);
  }
}

/**
 * dx = (g − mean(g) − x̂·mean(g·x̂))/σ with g = dy·weight. Arguments: rows, width, rows per chunk, x, weight,
 * mean, 1/σ, dy, dx.
 */
export function layerNormGradient(block: usize, chunk: i32): void {
  const width = integer(block, 1);
  const first = chunk * integer(block, 2);
  const last = min(first + integer(block, 2), integer(block, 0));
  const weight = address(block, 4);
  for (let row = first; row < last; row++) {
    const x = at(address(block, 3), row * width);
    const mean = f32x4.splat(load<f32>(at(address(block, 5), row)));
    const inverse = f32x4.splat(load<f32>(at(address(block, 6), row)));
    const dy = at(address(block, 7), row * width);
    const dx = at(address(block, 8), row * width);
    let sums = f32x4.splat(0);
    let products = f32x4.splat(0);
    for (let i = 0; i < width; i += 4) {
      const g = f32x4.mul(loadUpTo(dy, i, width, 0), loadUpTo(weight, i, width, 0));
      const normalised = f32x4.mul(f32x4.sub(loadUpTo(x, i, width, 0), mean), inverse);
      sums = f32x4.add(sums, g);
      products = f32x4.add(products, f32x4.mul(g, normalised));
    }
    const meanG = f32x4.splat(total(sums) / <f32>width);
    const along = f32x4.splat(total(products) / <f32>width);
    for (let i = 0; i < width; i += 4) {
      const g = f32x4.mul(loadUpTo(dy, i, width, 0), loadUpTo(weight, i, width, 0));
      const normalised = f32x4.mul(f32x4.sub(loadUpTo(x, i, width, 0), mean), inverse);
      const rest = f32x4.sub(f32x4.sub(g, meanG), f32x4.mul(normalised, along));
      storeUpTo(dx, i, width, f32x4.mul(rest, inverse));
    }
  }
}

/**
 * dweight = Σ_rows dy·x̂ and dbias = Σ_rows dy, a chunk per sixteen columns. Arguments: rows, width, x, mean,
 * 1/σ, dy, dweight, dbias.
 */
export function layerNormSums(block: usize, chunk: i32): void {
  const rows = integer(block, 0);
  const width = integer(block, 1);
  for (let column = chunk * 16; column < min(chunk * 16 + 16, width); column += 4) {
    let weights = f32x4.splat(0);
    let biases = f32x4.splat(0);
    for (let row = 0; row < rows; row++) {
      const mean = f32x4.splat(load<f32>(at(address(block, 3), row)));
      const inverse = f32x4.splat(load<f32>(at(address(block, 4), row)));
      const x = loadUpTo(at(address(block, 2), row * width), column, width, 0);
      const dy = loadUpTo(at(address(block, 5), row * width), column, width, 0);
      weights = f32x4.add(weights, f32x4.mul(dy, f32x4.mul(f32x4.sub(x, mean), inverse)));
      biases = f32x4.add(biases, dy);
    }
    storeUpTo(address(block, 6), column, width, weights);
    storeUpTo(address(block, 7), column, width, biases);
  }
}
