/**
 * How far results may be from what they should be: the limits of all tests on tensors, for every backend.
 * All but one are relative to the largest expected value of a tensor.
 *
 * Two kinds of arithmetic stand behind the ways to compute:
 *
 * - **float32**: cpu, wasm, tensorflow, and webgpu in software (SwiftShader, which computes with the CPU's own
 *   instructions). One rounding is 6e-8, and exponentials are good to about two of them; n of them in a sum
 *   come to √n, when they all go one way to n. Limits are three to ten times the worst error that was
 *   measured, which stands beside them: cpu / wasm / tensorflow / webgpu in software.
 * - **wgsl**: webgpu on a GPU. The language lets a division err by 2.5 units in the last place (1.2e-7 each),
 *   eˣ by 3 + 2|x|, a square root by what one over an inverse square root good to 2 does, and sums be taken in
 *   another order (https://www.w3.org/TR/WGSL/#floating-point-accuracy). Nothing here has been measured on
 *   a GPU yet; 2e-4 is also the limit of `npm run verify` there.
 */
import { limits } from '../../src/evaluation/verify.js';
import { describeBackend } from '../../src/tensor/backend.js';

interface Limits {
  readonly float32: number;
  readonly wgsl: number;
}

export const tolerances = {
  /**
   * Many layers, forward and backward: golden cases, networks, attention with its linear maps.
   * Measured: 1.4e-6 / 1.2e-6 / 3.3e-6 / 2.7e-6.
   */
  network: { float32: limits.wasm, wgsl: limits.webgpu },
  /**
   * One layer, loss or operation with its gradient: sums of up to a few hundred products.
   * Measured: 1.3e-7 / 6.2e-7 / 6.7e-7 / 6.7e-7.
   */
  layer: { float32: 2e-6, wgsl: 2e-4 },
  /**
   * A mean of 60,000 numbers, which some add up one after the other: √n is 245 roundings, 1.5e-5, and they
   * stay below. Measured: 0 / 3.7e-6 / 0 / 0.
   */
  longSum: { float32: 1e-5, wgsl: 2e-4 },
  /**
   * The same numbers by the same formulas in a batch of another size, where sums may be cut differently.
   * Measured: 0 / 0 / 0 / 3.5e-7.
   */
  arrangement: { float32: 1e-6, wgsl: 1e-6 },
  /**
   * AdamW over 25 steps: a step moves a parameter by at most the rate of 0.01, which on a GPU is wrong by
   * ten units in the last place: 3e-7 in the end, beside the rounding of as many sums.
   * Measured: 4.3e-7 / 2.6e-7 / 4.3e-7 / 4.3e-7.
   */
  optimiser: { float32: 1e-6, wgsl: 2e-6 },
  /**
   * Parameters, and each loss relative to itself, over 24 and 30 steps of training against double precision:
   * AdamW magnifies the rounding of gradients, and every step goes on from where the last one came to.
   * Measured: 1.1e-6 / 7.3e-7 / 1.6e-6 / 1.4e-6.
   */
  trajectory: { float32: 1e-5, wgsl: 2e-4 },
  /** GELU of −8 to 8 against double precision, as it is and not relative: 8 itself is stored to 5e-7. */
  gelu: { float32: 1e-6, wgsl: 4e-6 },
  /**
   * Losses of twelve steps of training, each relative to itself, against those of another backend.
   * Measured: 1.6e-7 / 1.6e-7 / 2.3e-7 / 2.2e-7.
   */
  training: { float32: 1e-6, wgsl: 2e-4 },
} as const satisfies Record<string, Limits>;

export type Tolerance = keyof typeof tolerances;

/** The limit on the current backend. */
export function tolerance(kind: Tolerance): number {
  return tolerances[kind][arithmetic()];
}

/** How far 1/(1 + eˣ) may be from the truth, relative to itself, on the current backend. */
export function logisticTolerance(x: number): number {
  // The exponential is what errs, and in software, too: x·log₂e is rounded before a power of two is taken.
  // Then there are a sum and a division.
  if (describeBackend().name === 'webgpu') return (3 + 2 * Math.abs(x) + 1 + 2.5) * 2 ** -23;
  return 3e-7;
}

function arithmetic(): keyof Limits {
  const { name, gpu } = describeBackend();
  return name === 'webgpu' && gpu ? 'wgsl' : 'float32';
}
