/**
 * Matrix products on the GPU. Where there are too few tiles of C to fill a GPU and the common axis is long, it
 * is cut into parts whose results a second shader adds up, always in the same order.
 */
import type { KernelDevice, Matrix, Products } from '../kernelDevice.js';
import { addParts, productShader, side } from './gemmShader.js';
import type { Recorder } from './recorder.js';
import { flat } from './shader.js';

/** So many workgroups keep a GPU busy. */
const enoughGroups = 256;

/** A part of the common axis is no shorter than this. */
const shortestPart = 256;

/** How many rows, or columns, a thread computes where there are so many: no tile is mostly empty. */
const eachFor = (count: number) => (count > 2 * side ? 4 : count > side ? 2 : 1);

/** Into how many parts the common axis is cut, and how long they are. */
function partsOf(tiles: number, allDepth: number): { parts: number; partLength: number } {
  const wanted = Math.max(1, Math.floor(Math.min(enoughGroups / tiles, allDepth / shortestPart)));
  const partLength = side * Math.ceil(Math.max(1, allDepth) / wanted / side);
  return { parts: Math.max(1, Math.ceil(allDepth / partLength)), partLength };
}

/** Where products go, and what is added to them. */
interface Target extends Pick<Products, 'bias' | 'accumulate'> {
  readonly c: Products['c'];
  /** From one part of the common axis to the next */
  readonly part: number;
}

/** C = scale·Σ_terms A·B + bias, as `KernelDevice.gemm` says. */
export function gemm(gpu: KernelDevice, recorder: Recorder, products: Products): void {
  const { rows, columns, depth, a, b, c, bias, accumulate } = products;
  const { batch = 1, heads = 1, terms = 1, scale = 1 } = products;
  const all = batch * heads;
  const size = rows * columns;
  if (all * size === 0) return;
  const variant = {
    rowsEach: eachFor(rows),
    columnsEach: eachFor(columns),
    aAlongDepth: a.column === 1,
    bAlongDepth: b.row === 1,
    terms: terms > 1,
  };
  const across = Math.ceil(columns / (side * variant.columnsEach));
  const down = Math.ceil(rows / (side * variant.rowsEach));
  const { parts, partLength } = partsOf(across * down * all, depth * terms);

  const multiply = (target: Target) => {
    recorder.record(productShader(variant), {
      tensors: [a.at, b.at, target.bias?.at ?? gpu.one, target.c.at],
      integers: [
        ...[rows, columns, depth, heads, parts, partLength, depth * terms],
        ...additions(target),
        ...[...strides(a), ...strides(b), ...strides(target.c, false), target.part],
      ],
      reals: [scale],
      groups: [across, down, all * parts],
    });
  };
  if (parts === 1) {
    multiply({ c, bias, accumulate, part: 0 });
    return;
  }
  gpu.temporary(parts * all * size, (partial) => {
    multiply({
      c: { at: partial, row: columns, batch: heads * size, head: size },
      part: all * size,
    });
    recorder.record(addParts, {
      tensors: [partial, bias?.at ?? gpu.one, c.at],
      integers: [
        ...[rows, columns, heads, all, parts],
        ...[...additions({ bias, accumulate }), ...strides(c, false)],
      ],
      reals: [],
      groups: flat(Math.ceil((all * size) / addParts.threads)),
    });
  });
}

/** The arguments accumulate, has_bias, bias_row, bias_batch and bias_head */
const additions = ({ accumulate = false, bias }: Pick<Products, 'bias' | 'accumulate'>) => [
  ...[Number(accumulate), Number(bias !== undefined)],
  ...[bias?.row ?? 0, bias?.batch ?? 0, bias?.head ?? 0],
];

/** The arguments of a matrix; of C without column and term */
function strides(matrix: Products['c'] & Partial<Matrix>, whole = true): number[] {
  const { start = 0, row, column = 1, batch = 0, head = 0, term = 0 } = matrix;
  return whole ? [start, row, column, batch, head, term] : [start, row, batch, head];
}
