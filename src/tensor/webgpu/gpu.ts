/** Our kernels on TF.js's webgpu backend. */
import type * as tf from '@tensorflow/tfjs';
import {
  sameIfAlone,
  type ColumnKernel,
  type KernelDevice,
  type Products,
  type RowKernel,
  type Update,
  type ValueKernel,
} from '../kernelDevice.js';
import { gemm } from './gemm.js';
import { Recorder, type BackendParts } from './recorder.js';
import { columnShaders, columnTile, rowShaderOf } from './rows.js';
import { flat } from './shader.js';
import { adamWShader, buffersPerUpdate, valueShaders } from './values.js';

/** Sums over more rows than this are cut into parts, which are added up in the end. */
const rowsPerPart = 256;
const mostParts = 64;

export class Gpu implements KernelDevice {
  private static readonly all = new WeakMap<object, Gpu>();

  readonly one: tf.TensorInfo;
  private readonly recorder: Recorder;

  static of(backend: unknown): Gpu {
    let gpu = Gpu.all.get(backend as object);
    if (!gpu) {
      gpu = new Gpu(backend as BackendParts);
      Gpu.all.set(backend as object, gpu);
    }
    return gpu;
  }

  private constructor(private readonly backend: BackendParts) {
    this.recorder = new Recorder(backend);
    this.one = backend.makeTensorInfo([], 'float32', Float32Array.of(1));
  }

  output(shape: number[]): tf.TensorInfo {
    return this.backend.makeTensorInfo(shape, 'float32');
  }

  changeable(tensor: tf.TensorInfo): tf.TensorInfo {
    const same = sameIfAlone(this.backend, tensor);
    if (same) return same;
    const copy = this.output(tensor.shape);
    const size = tensor.shape.reduce((product, axis) => product * axis, 1);
    this.overValues('copy', size, [tensor, copy]);
    return copy;
  }

  temporary(values: number, use: (tensor: tf.TensorInfo) => void): void {
    const tensor = this.output([values]);
    use(tensor);
    this.backend.disposeData(tensor.dataId);
  }

  gemm(products: Products): void {
    gemm(this, this.recorder, products);
  }

  overValues(
    kernel: ValueKernel | 'copy',
    size: number,
    tensors: tf.TensorInfo[],
    reals: number[] = [],
    integers: number[] = [],
  ): void {
    if (size === 0) return;
    const { shader, perGroup } = valueShaders[kernel];
    const groups = flat(Math.ceil(size / perGroup));
    this.recorder.record(shader, { tensors, integers: [size, ...integers], reals, groups });
  }

  adamW(size: number, updates: readonly Update[], reals: number[]): void {
    const { maxStorageBuffersPerShaderStage } = this.backend.device.limits;
    const atOnce = Math.floor(maxStorageBuffersPerShaderStage / buffersPerUpdate);
    for (let first = 0; first < updates.length; first += atOnce) {
      const some = updates.slice(first, first + atOnce);
      const shader = adamWShader(some.length);
      const [x, y] = flat(Math.ceil(size / shader.threads));
      this.recorder.record(shader, {
        tensors: [...some.map(({ g }) => g), ...some.flatMap(({ p, m, v }) => [p, m, v])],
        integers: [size],
        reals,
        groups: [x, some.length, y],
      });
    }
  }

  overRows(
    kernel: RowKernel,
    rows: number,
    width: number,
    tensors: tf.TensorInfo[],
    reals: number[] = [],
  ): void {
    if (rows * width === 0) return;
    const { shader, perGroup } = rowShaderOf(kernel, width);
    const groups = flat(Math.ceil(rows / perGroup));
    this.recorder.record(shader, { tensors, integers: [rows, width], reals, groups });
  }

  overColumns(kernel: ColumnKernel, rows: number, width: number, tensors: tf.TensorInfo[]): void {
    const shader = columnShaders[kernel];
    const reads = tensors.slice(0, shader.reads.length);
    const sums = tensors.slice(shader.reads.length);
    const parts = Math.min(mostParts, Math.ceil(rows / rowsPerPart));
    const sumRows = (
      by: typeof shader,
      count: number,
      groups: number,
      read: tf.TensorInfo[],
      write: tf.TensorInfo[],
    ) => {
      this.recorder.record(by, {
        tensors: [...read, ...write],
        integers: [count, width, Math.ceil(count / groups)],
        reals: [],
        groups: [Math.ceil(width / columnTile.columns), groups, 1],
      });
    };
    if (parts <= 1) {
      sumRows(shader, rows, 1, reads, sums);
      return;
    }
    const partial = sums.map(() => this.output([parts, width]));
    sumRows(shader, rows, parts, reads, partial);
    partial.forEach((one, index) => {
      sumRows(columnShaders.columnSums, parts, 1, [one], [sums[index]!]);
      this.backend.disposeData(one.dataId);
    });
  }
}
