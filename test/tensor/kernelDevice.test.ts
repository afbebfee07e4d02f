/** What wasm and WebGPU compute with, kernel by kernel, against sums in double precision. */
import assert from 'node:assert/strict';
import type { KernelDevice, Matrix, Products } from '../../src/tensor/kernelDevice.js';
import { threefry } from '../../src/tensor/threefry.js';
import { tf } from '../../src/tensor/tf.js';
import { Team } from '../../src/tensor/wasm/team.js';
import { Gpu } from '../../src/tensor/webgpu/gpu.js';
import { random } from '../support/compare.js';
import { assertClose } from '../support/close.js';
import { skip } from '../support/skip.js';
import { tolerance } from '../support/tolerances.js';

/** A matrix by its strides, over as many random values as it reaches. */
const matrix = (values: number, seed: number, strides: Omit<Matrix, 'at'>) => ({
  at: random([values], seed),
  ...strides,
});

/** Attention by head, in which every stride is used: A [B, T, H·j], B [B, S, H·j] transposed, C [B, H, T, S] */
const byHead = (T: number, S: number, j: number): Products => ({
  batch: 3,
  heads: 2,
  rows: T,
  columns: S,
  depth: j,
  scale: 0.5,
  a: matrix(3 * T * 2 * j, 1, { row: 2 * j, column: 1, batch: T * 2 * j, head: j }),
  b: matrix(3 * S * 2 * j, 2, { row: 1, column: 2 * j, batch: S * 2 * j, head: j }),
  c: matrix(3 * 2 * T * S, 3, { row: S, column: 1, batch: 2 * T * S, head: T * S }),
});

/** A weight's gradient, Aᵀ·B over many rows, summed over terms as well */
const gradient = (inputs: number, outputs: number, rows: number, terms: number): Products => ({
  rows: inputs,
  columns: outputs,
  depth: rows,
  terms,
  a: matrix(terms * rows * inputs, 1, { row: 1, column: inputs, term: rows * inputs }),
  b: matrix(terms * rows * outputs, 2, { row: outputs, column: 1, term: rows * outputs }),
  c: matrix(inputs * outputs, 3, { row: outputs, column: 1 }),
});

const plain = (rows: number, columns: number, depth: number): Products => ({
  rows,
  columns,
  depth,
  a: matrix(rows * depth, 1, { row: depth, column: 1 }),
  b: matrix(depth * columns, 2, { row: columns, column: 1 }),
  c: matrix(rows * columns, 3, { row: columns, column: 1 }),
});

const products: Record<string, () => Products> = {
  'one value': () => plain(1, 1, 1),
  'edges of tiles of 16': () => plain(15, 17, 33),
  'edges of tiles of 32': () => plain(33, 31, 16),
  'edges of tiles of 64': () => plain(65, 127, 47),
  'few rows, many columns': () => plain(8, 300, 20),
  'heads in a batch': () => byHead(9, 21, 5),
  'heads of more than a tile': () => byHead(40, 70, 19),
  'a bias of each product': () => ({
    ...byHead(5, 18, 7),
    bias: { at: random([3 * 2 * 18], 4), batch: 2 * 18, head: 18 },
  }),
  'a bias of each row': () => ({
    ...byHead(45, 21, 7),
    bias: { at: random([2 * 45 * 21], 4), row: 21, head: 45 * 21 },
  }),
  'a bias of each row, by blocks of rows': () => ({
    ...plain(150, 19, 300),
    bias: { at: random([150 * 23], 4), row: 23 },
  }),
  'a long common axis with a bias of each row': () => ({
    ...gradient(10, 13, 1500, 2),
    bias: { at: random([130], 4), row: 13 },
  }),
  'a long common axis': () => gradient(20, 35, 1500, 1),
  'a long common axis of several terms, to which is added': () => ({
    ...gradient(17, 40, 301, 7),
    accumulate: true,
  }),
  'a long common axis with a bias, inside of larger tensors': () => ({
    ...plain(6, 5, 2000),
    heads: 2,
    bias: { at: random([10], 4), head: 5 },
    a: matrix(30_000, 1, { start: 11, row: 2000, column: 1, head: 12_000 }),
    b: matrix(30_000, 2, { start: 3, row: 5, column: 1, head: 10_000 }),
    c: matrix(100, 3, { start: 7, row: 8, column: 1, head: 48 }),
  }),
  'a row of ones': () => ({
    ...plain(1, 33, 600),
    a: { at: tf.scalar(1), row: 0, column: 0 },
  }),
};

describe('a device of our kernels', () => {
  let device: KernelDevice;
  before(function () {
    const backend = tf.getBackend();
    if (backend === 'wasm') device = Team.of(tf.backend());
    else if (backend === 'webgpu') device = Gpu.of(tf.backend());
    else skip(this, `${backend} computes with its own kernels`);
  });

  for (const [name, make] of Object.entries(products)) {
    it(`multiplies matrices: ${name}`, async () => {
      const each = make();
      const read = async ({ at }: Pick<Matrix, 'at'>) => {
        const values = await asTensor(at).data();
        return Float64Array.from(values);
      };
      const [a, b, c] = [await read(each.a), await read(each.b), await read(each.c)];
      const bias = each.bias ? await read(each.bias) : undefined;
      const largest = multiply(each, a, b, c, bias);
      const target = asTensor(each.c.at).clone();
      // The result goes into a copy: the tensors are shared with the expectation.
      const own = device.changeable(target);
      device.gemm({ ...each, c: { ...each.c, at: own } });
      const result = await asTensor(own).data();
      c.forEach((expected, index) => {
        const error = Math.abs(result[index]! - expected);
        assert.ok(error <= tolerance('layer') * largest, `${error} of ${largest} at ${index}`);
      });
    });
  }

  for (const [rows, width] of [
    [1, 1],
    [70, 8],
    [5, 32],
    [3, 33],
    [4, 513],
    [300, 21],
  ] as const) {
    it(`normalises rows: ${rows} of ${width}`, async () => {
      const x = random([rows, width], 1, 3);
      const expected = new Float64Array(await x.data()).map((value) => Math.exp(0.7 * value));
      for (let row = 0; row < rows; row++) {
        const powers = expected.subarray(row * width, (row + 1) * width);
        const sum = powers.reduce((total, power) => total + power, 0);
        powers.forEach((power, column) => (powers[column] = power / sum));
      }
      const values = device.changeable(x);
      device.overRows('softmax', rows, width, [values], [0.7]);
      const target = { shape: [rows, width], values: Float32Array.from(expected) };
      await assertClose('softmax', asTensor(values), target, tolerance('layer'));
    });

    it(`sums columns: ${rows * 7} of ${width}`, async () => {
      const x = random([rows * 7, width], 2);
      const sums = device.output([width]);
      device.overColumns('columnSums', rows * 7, width, [x, sums]);
      const columns = new Float64Array(width);
      const sizes = new Float64Array(width);
      (await x.data()).forEach((value, index) => {
        columns[index % width]! += value;
        sizes[index % width]! += Math.abs(value);
      });
      const result = await asTensor(sums).data();
      columns.forEach((sum, column) => {
        const error = Math.abs(result[column]! - sum);
        assert.ok(error <= tolerance('layer') * sizes[column]!, `${error} in column ${column}`);
      });
    });
  }

  for (const size of [1, 6, 8, 9, 511, 513, 33_000]) {
    it(`drops values, into another tensor and in place: ${size}`, async () => {
      const key: [number, number] = [0xdeadbeef, 7];
      const expected = await random([size], 1).data();
      const words = new Int32Array(2);
      for (let i = 0; i < size; i++) {
        threefry(key, [i >> 1, 0], words);
        expected[i] = words[i % 2]! >>> 0 < 0x90000000 ? 0 : 2 * expected[i]!;
      }
      const x = random([size], 1);
      const y = device.output([size]);
      const integers = [...key, 0x90000000];
      device.overValues('dropout', size, [x, y], [2], integers);
      device.overValues('dropoutInPlace', size, [x], [2], integers);
      // −0 is what a negative value becomes.
      const read = async (tensor: tf.Tensor) => Array.from(await tensor.data(), (each) => each + 0);
      assert.deepEqual(await read(asTensor(y)), [...expected]);
      assert.deepEqual(await read(x), [...expected]);
    });
  }

  it('changes a tensor in place only where nobody else has its values', async () => {
    const alone = tf.tensor1d([1, 2, 3]);
    assert.deepEqual([...(await alone.data())], [1, 2, 3]);
    const changed = device.changeable(alone);
    assert.equal(changed.dataId, alone.dataId);
    device.overRows('softmax', 1, 3, [changed], [1]);
    // What has been read before is not read again.
    assert.ok((await alone.data())[0]! < 0.1);
    const shared = tf.tensor1d([1, 2, 3]);
    const other = shared.clone();
    const copy = device.changeable(shared);
    device.overRows('softmax', 1, 3, [copy], [1]);
    assert.deepEqual([...(await other.data())], [1, 2, 3]);
    assert.notDeepEqual([...(await asTensor(copy).data())], [1, 2, 3]);
  });
});

const asTensor = (info: tf.TensorInfo) => tf.engine().makeTensorFromTensorInfo(info);

/** C = scale·Σ_terms A·B + bias by its definition, into c. Returns the largest sum of sizes. */
function multiply(
  products: Products,
  a: Float64Array,
  b: Float64Array,
  c: Float64Array,
  bias?: Float64Array,
): number {
  const { batch = 1, heads = 1, terms = 1, scale = 1, rows, columns, depth } = products;
  const at = (matrix: Omit<Matrix, 'at'>, n: number, head: number, term: number) =>
    (matrix.start ?? 0) +
    n * (matrix.batch ?? 0) +
    head * (matrix.head ?? 0) +
    term * (matrix.term ?? 0);
  let largest = 0;
  for (let n = 0; n < batch; n++) {
    for (let head = 0; head < heads; head++) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          let [sum, size] = [0, 0];
          for (let term = 0; term < terms; term++) {
            for (let k = 0; k < depth; k++) {
              const { a: A, b: B } = products;
              const left = a[at(A, n, head, term) + row * A.row + k * A.column]!;
              const right = b[at(B, n, head, term) + k * B.row + column * B.column]!;
              sum += left * right;
              size += Math.abs(left * right);
            }
          }
          const { bias: added } = products;
          const shift = added
            ? bias![
                n * (added.batch ?? 0) + head * (added.head ?? 0) + row * (added.row ?? 0) + column
              ]!
            : 0;
          const place =
            at({ ...products.c, column: 1 }, n, head, 0) + row * products.c.row + column;
          const value = scale * sum + shift + (products.accumulate ? c[place]! : 0);
          c[place] = value;
          largest = Math.max(largest, size, Math.abs(value));
        }
      }
    }
  }
  return largest;
}
