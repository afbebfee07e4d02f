/**
 * General matrix products C = scale·A·B + bias, of many pairs of matrices at once, each matrix given by its
 * strides: transposed factors, heads inside a row and factors shared by a whole batch need no copies.
 *
 * Eight columns of B at a time are packed side by side; tiles of 4 × 8 values of C stay in registers while
 * they run down the common axis. Every value of C is summed in the same order however the rows are cut into
 * chunks, so the number of threads never changes a result.
 */
import { address, at, integer, real } from './arguments';

/** So much of the common axis is packed at once: 8 columns of it stay in the first cache. */
const depthLimit: i32 = 256;

/** Bytes that `gemm` needs in each thread's own memory. */
export const panelBytes: i32 = depthLimit * 8 * 4;

/**
 * One chunk: some rows of one product; chunks go by batch, head and block of rows. Arguments, strides in
 * values: rows, columns, depth (the common axis), rows per chunk, heads, terms, accumulate (onto C), bias
 * (0: none), then A, its strides of row, column, batch, head, term; B, the same; C, its strides of row,
 * batch, head; the bias's strides of row, batch, head; scale.
 */
export function gemm(block: usize, chunk: i32, panel: usize): void {
  const rows = integer(block, 0);
  const rowsPerChunk = integer(block, 3);
  const heads = integer(block, 4);
  const blocks = (rows + rowsPerChunk - 1) / rowsPerChunk;
  const start = (chunk % blocks) * rowsPerChunk;
  const head = (chunk / blocks) % heads;
  const batch = chunk / blocks / heads;

  const aRow = integer(block, 9);
  const cRow = integer(block, 21);
  const aShift = batch * integer(block, 11) + head * integer(block, 12) + start * aRow;
  const bShift = batch * integer(block, 17) + head * integer(block, 18);
  const cShift = batch * integer(block, 22) + head * integer(block, 23) + start * cRow;
  let a = at(address(block, 8), aShift);
  let b = at(address(block, 14), bShift);
  const c = at(address(block, 20), cShift);
  const bias = address(block, 7);
  const biasRow = integer(block, 24);
  const biasShift = batch * integer(block, 25) + head * integer(block, 26) + start * biasRow;
  const ownBias = bias == 0 ? bias : at(bias, biasShift);

  // The sum over several pairs, such as the gradient of what a batch shares.
  for (let term = 0; term < integer(block, 5); term++) {
    product(
      min(rowsPerChunk, rows - start),
      integer(block, 1),
      integer(block, 2),
      real(block, 27),
      ownBias,
      biasRow,
      integer(block, 6) != 0 || term > 0,
      a,
      aRow,
      integer(block, 10),
      b,
      integer(block, 15),
      integer(block, 16),
      c,
      cRow,
      panel,
    );
    a = at(a, integer(block, 13));
    b = at(b, integer(block, 19));
  }
}

function product(
  rows: i32,
  columns: i32,
  depth: i32,
  scale: f32,
  bias: usize,
  biasRow: i32,
  accumulate: bool,
  a: usize,
  aRow: i32,
  aColumn: i32,
  b: usize,
  bRow: i32,
  bColumn: i32,
  c: usize,
  cRow: i32,
  panel: usize,
): void {
  for (let from = 0; from < depth; from += depthLimit) {
    const length = min(depthLimit, depth - from);
    const add = accumulate || from > 0;
    for (let column = 0; column < columns; column += 8) {
      const width = min(8, columns - column);
      pack(at(b, from * bRow + column * bColumn), bRow, bColumn, length, width, panel);
      // Without a bias its stride is 0, too, and the address stays 0.
      let shift: usize = bias == 0 ? 0 : at(bias, column);
      let left = at(a, from * aColumn);
      let out = at(c, column);
      let row = 0;
      for (; row + 4 <= rows; row += 4) {
        fourRows(left, aRow, aColumn, panel, length, out, cRow, width, scale, shift, biasRow, add);
        left = at(left, 4 * aRow);
        shift = at(shift, 4 * biasRow);
        out = at(out, 4 * cRow);
      }
      for (; row < rows; row++) {
        oneRow(left, aColumn, panel, length, out, width, scale, shift, add);
        left = at(left, aRow);
        shift = at(shift, biasRow);
        out = at(out, cRow);
      }
    }
  }
}

/** Copies up to eight columns of B side by side, zeros where there are fewer. */
function pack(b: usize, bRow: i32, bColumn: i32, length: i32, width: i32, panel: usize): void {
  if (width == 8 && bColumn == 1) {
    for (let k = 0; k < length; k++) {
      v128.store(panel, v128.load(b));
      v128.store(panel, v128.load(b, 16), 16);
      b = at(b, bRow);
      panel += 32;
    }
    return;
  }
  let done = 0;
  if (width == 8 && bRow == 1) {
    for (; done + 4 <= length; done += 4) {
      packTransposed(b, bColumn, panel);
      packTransposed(at(b, 4 * bColumn), bColumn, panel + 16);
      b += 16;
      panel += 128;
    }
  }
  for (; done < length; done++) {
    let value = b;
    for (let column = 0; column < 8; column++) {
      store<f32>(panel, column < width ? load<f32>(value) : 0);
      value = at(value, column < width ? bColumn : 0);
      panel += 4;
    }
    b = at(b, bRow);
  }
}

/** Four neighbours of four columns, turned into four rows of the panel. */
function packTransposed(b: usize, bColumn: i32, panel: usize): void {
  const r0 = v128.load(b);
  const r1 = v128.load(at(b, bColumn));
  const r2 = v128.load(at(b, 2 * bColumn));
  const r3 = v128.load(at(b, 3 * bColumn));
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(panel, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(panel, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
  v128.store(panel, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
  v128.store(panel, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
}

function fourRows(
  a0: usize,
  aRow: i32,
  aColumn: i32,
  panel: usize,
  length: i32,
  c: usize,
  cRow: i32,
  width: i32,
  scale: f32,
  bias: usize,
  biasRow: i32,
  add: bool,
): void {
  const step = (<usize>aColumn) << 2;
  let a1 = at(a0, aRow);
  let a2 = at(a1, aRow);
  let a3 = at(a2, aRow);
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let k = 0; k < length; k++) {
    const b0 = v128.load(panel);
    const b1 = v128.load(panel, 16);
    panel += 32;
    let left = v128.load_splat<f32>(a0);
    a0 += step;
    c00 = f32x4.add(c00, f32x4.mul(left, b0));
    c01 = f32x4.add(c01, f32x4.mul(left, b1));
    left = v128.load_splat<f32>(a1);
    a1 += step;
    c10 = f32x4.add(c10, f32x4.mul(left, b0));
    c11 = f32x4.add(c11, f32x4.mul(left, b1));
    left = v128.load_splat<f32>(a2);
    a2 += step;
    c20 = f32x4.add(c20, f32x4.mul(left, b0));
    c21 = f32x4.add(c21, f32x4.mul(left, b1));
    left = v128.load_splat<f32>(a3);
    a3 += step;
    c30 = f32x4.add(c30, f32x4.mul(left, b0));
    c31 = f32x4.add(c31, f32x4.mul(left, b1));
  }
  finish(c, c00, c01, width, scale, bias, add);
  finish(at(c, cRow), c10, c11, width, scale, at(bias, biasRow), add);
  finish(at(c, 2 * cRow), c20, c21, width, scale, at(bias, 2 * biasRow), add);
  finish(at(c, 3 * cRow), c30, c31, width, scale, at(bias, 3 * biasRow), add);
}

function oneRow(
  a: usize,
  aColumn: i32,
  panel: usize,
  length: i32,
  c: usize,
  width: i32,
  scale: f32,
  bias: usize,
  add: bool,
): void {
  const step = (<usize>aColumn) << 2;
  let c0 = f32x4.splat(0);
  let c1 = c0;
  for (let k = 0; k < length; k++) {
    const left = v128.load_splat<f32>(a);
    a += step;
    c0 = f32x4.add(c0, f32x4.mul(left, v128.load(panel)));
    c1 = f32x4.add(c1, f32x4.mul(left, v128.load(panel, 16)));
    panel += 32;
  }
  finish(c, c0, c1, width, scale, bias, add);
}

/** Scales a row of a tile and stores it: onto what is there, or onto the bias. */
function finish(
  c: usize,
  low: v128,
  high: v128,
  width: i32,
  scale: f32,
  bias: usize,
  add: bool,
): void {
  low = f32x4.mul(low, f32x4.splat(scale));
  high = f32x4.mul(high, f32x4.splat(scale));
  const onto = add ? c : bias;
  if (width == 8) {
    if (onto != 0) {
      low = f32x4.add(low, v128.load(onto));
      high = f32x4.add(high, v128.load(onto, 16));
    }
    v128.store(c, low);
    v128.store(c, high, 16);
    return;
  }
  for (let column = 0; column < width; column++) {
    const value = f32x4.extract_lane(low, 0);
    store<f32>(at(c, column), onto == 0 ? value : value + load<f32>(at(onto, column)));
    low = v128.shuffle<f32>(low, high, 1, 2, 3, 4);
    high = v128.shuffle<f32>(high, high, 1, 2, 3, 3);
  }
}
