/**
 * Our kernels on the wasm backend's own memory, and the threads that share their work. A job is cut into
 * chunks; this thread and its helpers take one after the other until none is left (assembly/index.ts). What
 * a chunk computes does not depend on who computes it, so results are the same for any number of threads.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import {
  sameIfAlone,
  valuesPerChunk,
  type ColumnKernel,
  type KernelDevice,
  type Products,
  type RowKernel,
  type Update,
  type ValueKernel,
} from '../kernelDevice.js';
import { gemm } from './gemm.js';

/** The kernels in the order in which assembly/index.ts numbers them. */
const kernelNames = [
  'gemm',
  'softmax',
  'softmaxGradient',
  'layerNorm',
  'layerNormGradient',
  'layerNormSums',
  'gelu',
  'geluGradient',
  'smoothL1',
  'smoothL1Gradient',
  'columnSums',
  'adamW',
  'copyRows',
  'depthwiseInputGradient',
  'depthwiseFilterGradient',
  'poolGradient',
  'dropout',
  'dropoutInPlace',
] as const;
export type KernelName = (typeof kernelNames)[number];

/** A place in the backend's memory, in bytes. */
export type Address = number;

export interface Exports {
  scratchBytes(): number;
  run(control: Address, scratch: Address, kernel: number, chunks: number, helped: boolean): void;
  help(control: Address, scratch: Address): never;
}

interface TfjsModule {
  readonly asm: { readonly memory: WebAssembly.Memory };
  _malloc(bytes: number): Address;
}

/** What a helping thread is started with. */
export interface HelperData {
  readonly kernels: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: Address;
  readonly scratch: Address;
}

/** The layout of the control block in assembly/index.ts. */
const argumentsAt = 32;
const controlBytes = argumentsAt + 4 * 32;

/** More threads than this do not pay for matrices of the sizes that train on a CPU. */
const mostThreads = 16;

let wantedThreads: number | undefined;

/**
 * How many threads the kernels use: what was set, else MMP_THREADS, else one a core.
 *
 * @throws Error when MMP_THREADS is not a positive integer
 */
export function threadCount(): number {
  if (wantedThreads !== undefined) return wantedThreads;
  const text = process.env.MMP_THREADS;
  if (text === undefined || text === '') return Math.min(availableParallelism(), mostThreads);
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) {
    throw new Error(`MMP_THREADS: expected a positive integer, got "${text}"`);
  }
  return count;
}

/** Sets the number of threads from the next kernel on; undefined: what MMP_THREADS says. */
export function setThreadCount(count: number | undefined): void {
  wantedThreads = count;
}

/** From about 4 GiB on sizes wrap around within malloc, and little is given for much. */
const mostBytes = 2 ** 32 - 2 ** 20;

/**
 * When there is no memory left, malloc gives address 0 or, of large sizes, one that reaches beyond the memory, and
 * TF.js goes on there, over what lies at 0. Its first allocation puts another function into the place of `_malloc`,
 * so this is for after it.
 */
function refuseWithoutMemory(tfjs: TfjsModule): void {
  const allocate = tfjs._malloc.bind(tfjs);
  tfjs._malloc = (bytes) => {
    const address = bytes < mostBytes ? allocate(bytes) : 0;
    const end = (address >>> 0) + bytes;
    if (address !== 0 && end <= tfjs.asm.memory.buffer.byteLength) return address;
    const inMegabytes = (count: number) => `${Math.round(count / 2 ** 20)} MiB`;
    throw new Error(
      `wasm: no memory for ${inMegabytes(bytes)} more, its memory has grown to ` +
        `${inMegabytes(tfjs.asm.memory.buffer.byteLength)}; take smaller batches or another backend`,
    );
  };
}

export class Team implements KernelDevice {
  private static readonly teams = new WeakMap<BackendWasm, Team>();

  private readonly tfjs: TfjsModule;
  private readonly kernels: WebAssembly.Module;
  private readonly memory: WebAssembly.Memory;
  private readonly exports: Exports;
  private readonly control: Address;
  private readonly scratch: Address;
  readonly one: tf.TensorInfo;
  private readonly integers: Int32Array;
  private readonly reals: Float32Array;
  private helpers = 0;

  static of(backend: unknown): Team {
    const wasm = backend as BackendWasm;
    let team = Team.teams.get(wasm);
    if (!team) {
      team = new Team(wasm);
      Team.teams.set(wasm, team);
    }
    return team;
  }

  private constructor(private readonly backend: BackendWasm) {
    // TF.js's module and its memory; the types of the backend do not name them.
    this.tfjs = backend.wasm as unknown as TfjsModule;
    this.memory = this.tfjs.asm.memory;
    this.kernels = new WebAssembly.Module(readFileSync(path.join(__dirname, 'kernels.wasm')));
    const instance = new WebAssembly.Instance(this.kernels, { env: { memory: this.memory } });
    this.exports = instance.exports as unknown as Exports;
    this.control = this.allocate(controlBytes);
    this.scratch = this.allocate(this.exports.scratchBytes());
    refuseWithoutMemory(this.tfjs);
    // Shared memory that has grown can still be reached through the old views.
    this.integers = new Int32Array(this.memory.buffer, this.control, controlBytes / 4).fill(0);
    this.reals = new Float32Array(this.memory.buffer, this.control, controlBytes / 4);
    this.one = this.output([]);
    backend.typedArrayFromHeap(this.one).fill(1);
  }

  /** Where a tensor's values lie. */
  readonly address = (tensor: tf.TensorInfo): Address =>
    this.backend.getMemoryOffset(tensor.dataId);

  output(shape: number[]): tf.TensorInfo {
    return this.backend.makeOutput(shape, 'float32');
  }

  changeable(tensor: tf.TensorInfo): tf.TensorInfo {
    const same = sameIfAlone(this.backend, tensor);
    if (same) return same;
    const copy = this.output(tensor.shape);
    this.backend.typedArrayFromHeap(copy).set(this.backend.typedArrayFromHeap(tensor));
    return copy;
  }

  temporary(values: number, use: (tensor: tf.TensorInfo) => void): void {
    const tensor = this.output([values]);
    use(tensor);
    this.backend.disposeData(tensor.dataId);
  }

  gemm(products: Products): void {
    gemm(this, products);
  }

  overValues(
    kernel: ValueKernel,
    size: number,
    tensors: tf.TensorInfo[],
    reals?: number[],
    integers?: number[],
  ): void {
    this.runOnValues(kernel, size, tensors, reals, integers);
  }

  adamW(size: number, updates: readonly Update[], reals: number[]): void {
    for (const { g, p, m, v } of updates) this.runOnValues('adamW', size, [g, p, m, v], reals);
  }

  overRows(
    kernel: RowKernel,
    rows: number,
    width: number,
    tensors: tf.TensorInfo[],
    reals?: number[],
  ): void {
    this.runOnRows(kernel, rows, width, tensors.map(this.address), reals);
  }

  /** A chunk per sixteen columns. */
  overColumns(kernel: ColumnKernel, rows: number, width: number, tensors: tf.TensorInfo[]): void {
    this.run(kernel, Math.ceil(width / 16), [rows, width, ...tensors.map(this.address)]);
  }

  private runOnValues(
    kernel: KernelName,
    size: number,
    tensors: tf.TensorInfo[],
    reals?: number[],
    integers: number[] = [],
  ): void {
    const places = [size, valuesPerChunk, ...tensors.map(this.address), ...integers];
    this.run(kernel, Math.ceil(size / valuesPerChunk), places, reals);
  }

  /** Runs a kernel in chunks of rows, of about 16,384 values. */
  runOnRows(
    kernel: KernelName,
    rows: number,
    width: number,
    integers: readonly number[],
    reals?: number[],
  ): void {
    const rowsPerChunk = Math.max(1, Math.floor(valuesPerChunk / width));
    this.run(
      kernel,
      Math.ceil(rows / rowsPerChunk),
      [rows, width, rowsPerChunk, ...integers],
      reals,
    );
  }

  /**
   * Runs a kernel.
   *
   * @param chunks into how many parts its work is cut
   * @param integers its first arguments, sizes and addresses
   * @param reals its last arguments
   */
  run(
    kernel: KernelName,
    chunks: number,
    integers: readonly number[],
    reals: readonly number[] = [],
  ): void {
    if (chunks === 0) return;
    let place = argumentsAt / 4;
    for (const value of integers) this.integers[place++] = value;
    for (const value of reals) this.reals[place++] = value;
    const helped = chunks > 1 && this.helpersFor(threadCount() - 1) > 0;
    this.exports.run(this.control, this.scratch, kernelNames.indexOf(kernel), chunks, helped);
  }

  /** Memory for good, on cache lines of its own. */
  private allocate(bytes: number): Address {
    return (this.tfjs._malloc(bytes + 64) + 63) & ~63;
  }

  /** Starts the helpers that are still lacking. A chunk that none takes this thread computes itself. */
  private helpersFor(wanted: number): number {
    for (; this.helpers < wanted; this.helpers++) {
      const scratch = this.allocate(this.exports.scratchBytes());
      const { kernels, memory, control } = this;
      const workerData: HelperData = { kernels, memory, control, scratch };
      new Worker(path.join(__dirname, 'helper.js'), { workerData }).unref();
    }
    return wanted;
  }
}
