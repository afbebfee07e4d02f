/** The update of AdamW. */
import { address, integer, real } from './arguments';
import { loadUpTo, storeUpTo } from './parts';

/**
 * One parameter tensor, in place, as ../../kernelDevice.ts has it.
 *
 * Arguments: size, values per chunk, g, p, m, v, β₁, 1 − β₁, β₂, 1 − β₂, η, ε, decay, 1/(1 − β₁ᵗ), 1/(1 − β₂ᵗ).
 */
export function adamW(block: usize, chunk: i32): void {
  const first = chunk * integer(block, 1);
  const size = min(first + integer(block, 1), integer(block, 0));
  const beta1 = f32x4.splat(real(block, 6));
  const new1 = f32x4.splat(real(block, 7));
  const beta2 = f32x4.splat(real(block, 8));
  const new2 = f32x4.splat(real(block, 9));
  const rate = f32x4.splat(real(block, 10));
  const epsilon = f32x4.splat(real(block, 11));
  const decay = f32x4.splat(real(block, 12));
  const correction1 = f32x4.splat(real(block, 13));
  const correction2 = f32x4.splat(real(block, 14));
  for (let i = first; i < size; i += 4) {
    const g = loadUpTo(address(block, 2), i, size, 0);
    const p = loadUpTo(address(block, 3), i, size, 0);
    let m = f32x4.mul(loadUpTo(address(block, 4), i, size, 0), beta1);
    let v = f32x4.mul(loadUpTo(address(block, 5), i, size, 0), beta2);
    m = f32x4.add(m, f32x4.mul(g, new1));
    v = f32x4.add(v, f32x4.mul(f32x4.mul(g, g), new2));
    const deviation = f32x4.add(f32x4.sqrt(f32x4.mul(v, correction2)), epsilon);
    const direction = f32x4.div(f32x4.mul(m, correction1), deviation);
    const change = f32x4.mul(f32x4.add(direction, f32x4.mul(p, decay)), rate);
    storeUpTo(address(block, 3), i, size, f32x4.sub(p, change));
    storeUpTo(address(block, 4), i, size, m);
    storeUpTo(address(block, 5), i, size, v);
  }
}
