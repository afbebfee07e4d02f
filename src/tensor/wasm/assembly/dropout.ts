/**
 * Dropout by Threefry-2x32 with 13 rounds (../../threefry.ts), four blocks and so eight values at once. Chunks are
 * ranges of values and begin at multiples of eight.
 */
import { address, integer, real } from './arguments';
import { loadUpTo, storeUpTo } from './parts';

/** y = x·factor. Arguments: size, values per chunk, x, y, two words of a key, threshold, factor of what stays. */
export function dropout(block: usize, chunk: i32): void {
  drop(block, chunk, address(block, 3), 4);
}

/** The same with y in the place of x, which is no argument then. */
export function dropoutInPlace(block: usize, chunk: i32): void {
  drop(block, chunk, address(block, 2), 3);
}

function drop(block: usize, chunk: i32, to: usize, others: i32): void {
  const from = address(block, 2);
  const start = chunk * integer(block, 1);
  const size = min(start + integer(block, 1), integer(block, 0));
  const first = i32x4.splat(integer(block, others));
  const second = i32x4.splat(integer(block, others + 1));
  const third = v128.xor(v128.xor(first, second), i32x4.splat(0x1bd11bda));
  const threshold = i32x4.splat(integer(block, others + 2));
  const factor = f32x4.splat(real(block, others + 3));
  for (let i = start; i < size; i += 8) {
    // The blocks i/2 … i/2 + 3; the second word of the counter is 0.
    let x = i32x4.add(first, i32x4.add(i32x4.splat(i / 2), i32x4(0, 1, 2, 3)));
    let y = second;
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 13), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 15), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 26), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 6), x);
    x = i32x4.add(x, second);
    y = i32x4.add(y, i32x4.add(third, i32x4.splat(1)));
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 17), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 29), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 16), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 24), x);
    x = i32x4.add(x, third);
    y = i32x4.add(y, i32x4.add(first, i32x4.splat(2)));
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 13), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 15), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 26), x);
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 6), x);
    x = i32x4.add(x, first);
    y = i32x4.add(y, i32x4.add(second, i32x4.splat(3)));
    x = i32x4.add(x, y);
    y = v128.xor(turned(y, 17), x);
    const even = v128.and(i32x4.ge_u(x, threshold), factor);
    const odd = v128.and(i32x4.ge_u(y, threshold), factor);
    multiply(from, to, i, size, v128.shuffle<i32>(even, odd, 0, 4, 1, 5));
    if (i + 4 < size) multiply(from, to, i + 4, size, v128.shuffle<i32>(even, odd, 2, 6, 3, 7));
  }
}

function multiply(from: usize, to: usize, i: i32, size: i32, factors: v128): void {
  storeUpTo(to, i, size, f32x4.mul(loadUpTo(from, i, size, 0), factors));
}

/** Bits that leave on the left come back on the right. */
function turned(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}
