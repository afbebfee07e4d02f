/**
 * What our kernels run on: the wasm backend with its threads (wasm/team.ts) or a GPU over WebGPU
 * (webgpu/gpu.ts). Both have the same kernels, so that an operation is written once for both.
 */
import type * as tf from '@tensorflow/tfjs';

export interface KernelDevice {
  /** The number 1, one value; with strides of 0, a matrix of ones */
  readonly one: tf.TensorInfo;

  /** A new float32 tensor for the result of a kernel. */
  output(shape: number[]): tf.TensorInfo;

  /**
   * A tensor to be changed in place: the same where nobody else refers to its values, otherwise a copy. Like
   * `output` it counts as new.
   */
  changeable(tensor: tf.TensorInfo): tf.TensorInfo;

  /** A tensor for so many values that is needed only while kernels run. */
  temporary(values: number, use: (tensor: tf.TensorInfo) => void): void;

  /** C = scale·Σ_terms A·B + bias for each head of each product of the batch. */
  gemm(products: Products): void;

  /**
   * Runs a kernel that goes over values one by one, in chunks of `valuesPerChunk`.
   *
   * @param tensors those that it reads and then those that it writes or changes, as its code names them
   * @param integers of 32 bits each, signed or not
   */
  overValues(
    kernel: ValueKernel,
    size: number,
    tensors: tf.TensorInfo[],
    reals?: number[],
    integers?: number[],
  ): void;

  /**
   * The update of AdamW, in place, of several parameters of one size: m ← β₁·m + (1 − β₁)·g,
   * v ← β₂·v + (1 − β₂)·g² and p ← p − η·(m/(1 − β₁ᵗ)/(√(v/(1 − β₂ᵗ)) + ε) + decay·p).
   *
   * @param reals β₁, 1 − β₁, β₂, 1 − β₂, η, ε, decay, 1/(1 − β₁ᵗ), 1/(1 − β₂ᵗ)
   */
  adamW(size: number, updates: readonly Update[], reals: number[]): void;

  /** Runs a kernel that goes over the rows of a matrix. */
  overRows(
    kernel: RowKernel,
    rows: number,
    width: number,
    tensors: tf.TensorInfo[],
    reals?: number[],
  ): void;

  /** Runs a kernel that sums over the rows of a matrix, for each of its columns. */
  overColumns(kernel: ColumnKernel, rows: number, width: number, tensors: tf.TensorInfo[]): void;
}

/** Part of what `changeable` does on every device: the same tensor once more, where it alone has its values. */
export function sameIfAlone(
  backend: { refCount(dataId: object): number; incRef(dataId: object): void },
  { dataId, shape, dtype }: tf.TensorInfo,
): tf.TensorInfo | undefined {
  if (backend.refCount(dataId) !== 1) return undefined;
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/** A parameter, its gradient and its two moments, of one size */
export interface Update {
  readonly g: tf.TensorInfo;
  readonly p: tf.TensorInfo;
  readonly m: tf.TensorInfo;
  readonly v: tf.TensorInfo;
}

export type ValueKernel =
  'gelu' | 'geluGradient' | 'smoothL1' | 'smoothL1Gradient' | 'dropout' | 'dropoutInPlace';
export type RowKernel = 'softmax' | 'softmaxGradient' | 'layerNorm' | 'layerNormGradient';
export type ColumnKernel = 'columnSums' | 'layerNormSums';

/** A multiple of eight, so that only the last chunk ends with a broken group of lanes. */
export const valuesPerChunk = 16384;

/** Where a matrix lies in a tensor and how far its elements are apart, in values. */
export interface Matrix {
  readonly at: tf.TensorInfo;
  /** Where it begins; 0 by default */
  readonly start?: number;
  readonly row: number;
  readonly column: number;
  /** From one product of the batch to the next; 0 where the batch shares the matrix */
  readonly batch?: number;
  readonly head?: number;
  /** From one term of the sum to the next */
  readonly term?: number;
}

/** One value per column, added to every row; with a stride of rows each row has its own. */
export interface Bias {
  readonly at: tf.TensorInfo;
  readonly row?: number;
  readonly batch?: number;
  readonly head?: number;
}

export interface Products {
  readonly rows: number;
  readonly columns: number;
  /** The length of the common axis */
  readonly depth: number;
  /** How many products, each of all heads */
  readonly batch?: number;
  readonly heads?: number;
  /** How many products are added up */
  readonly terms?: number;
  readonly scale?: number;
  /** Adds the products to C instead of replacing it */
  readonly accumulate?: boolean;
  readonly bias?: Bias;
  readonly a: Matrix;
  readonly b: Matrix;
  /** Rows of C are contiguous. */
  readonly c: Omit<Matrix, 'column' | 'term'>;
}
