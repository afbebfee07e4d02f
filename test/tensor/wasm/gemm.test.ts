/** Matrix products of the wasm kernels against sums in double precision, around every edge of the tiles. */
import assert from 'node:assert/strict';
import { setThreadCount, threadCount } from '../../../src/tensor/wasm/team.js';
import { tf } from '../../../src/tensor/tf.js';
import { random } from '../../support/compare.js';

describe('matrix products on wasm', () => {
  before(function () {
    if (tf.getBackend() !== 'wasm') this.skip();
  });

  for (const depth of [1, 2, 5, 255, 256, 257, 600]) {
    it(`are right with a common axis of ${depth}, for all sizes and transpositions`, async () => {
      for (const rows of [1, 3, 4, 5, 17]) {
        for (const columns of [1, 7, 8, 9, 23]) {
          for (const [transposeA, transposeB] of [
            [false, false],
            [true, false],
            [false, true],
            [true, true],
          ] as const) {
            const a = random(transposeA ? [depth, rows] : [rows, depth], depth + rows);
            const b = random(transposeB ? [columns, depth] : [depth, columns], depth + columns);
            const product = await tf.matMul(a, b, transposeA, transposeB).data();
            const [x, y] = [await a.data(), await b.data()];
            for (let row = 0; row < rows; row++) {
              for (let column = 0; column < columns; column++) {
                let sum = 0;
                let size = 0;
                for (let k = 0; k < depth; k++) {
                  const left = x[transposeA ? k * rows + row : row * depth + k]!;
                  const right = y[transposeB ? column * depth + k : k * columns + column]!;
                  sum += left * right;
                  size += Math.abs(left * right);
                }
                const error = Math.abs(product[row * columns + column]! - sum);
                const where = `${rows}×${depth}×${columns} at ${row}, ${column}`;
                assert.ok(error <= 1e-6 * size, `${where}: ${error} of ${size}`);
              }
            }
            tf.dispose([a, b]);
          }
        }
      }
    });
  }

  it('share a factor across a batch', async () => {
    const [a, b] = [random([3, 5, 4], 1), random([1, 4, 6], 2)];
    const each = tf.concat(
      tf.unstack(a).map((one) => tf.expandDims(tf.matMul(one, tf.squeeze(b)), 0)),
    );
    assert.deepEqual(await tf.matMul(a, b).data(), await each.data());
  });

  it('leave what they do not know to TF.js', () => {
    const integers = tf.tensor2d([[1, 2]], [1, 2], 'int32');
    assert.throws(() => tf.matMul(integers, tf.transpose(integers)), /non-float32/);
    assert.deepEqual(tf.matMul(tf.zeros([0, 3]), tf.zeros([3, 2])).shape, [0, 2]);
  });
});

describe('threads', () => {
  const before = threadCount();
  afterEach(() => {
    setThreadCount(before);
  });

  it('never change a result', async function () {
    if (tf.getBackend() !== 'wasm') this.skip();
    const [a, b] = [random([4, 301, 130], 1), random([4, 130, 77], 2)];
    const results = [];
    for (const threads of [1, 2, 5]) {
      setThreadCount(threads);
      // Repeated, because a helper that has just been started comes late.
      for (let repeat = 0; repeat < 50; repeat++) {
        const product = tf.matMul(a, b);
        if (repeat % 10 === 0) results.push(await product.data());
        product.dispose();
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const result of results) assert.deepEqual(result, results[0]);
  });

  it('survive a memory that grows between two jobs', async function () {
    if (tf.getBackend() !== 'wasm') this.skip();
    setThreadCount(2);
    const [a, b] = [random([400, 100], 1), random([100, 90], 2)];
    const expected = await tf.matMul(a, b).data();
    const large = tf.zeros([3000, 10000]);
    assert.deepEqual(await tf.matMul(a, b).data(), expected);
    large.dispose();
  });

  it('are as many as MMP_THREADS says, which must be a number', () => {
    const asked = process.env.MMP_THREADS;
    setThreadCount(undefined);
    process.env.MMP_THREADS = '3';
    assert.equal(threadCount(), 3);
    for (const wrong of ['0', '1.5', 'many', '-2']) {
      process.env.MMP_THREADS = wrong;
      assert.throws(
        () => threadCount(),
        new RegExp(`MMP_THREADS: expected a positive integer, got "${wrong}"`),
      );
    }
    if (asked === undefined) delete process.env.MMP_THREADS;
    else process.env.MMP_THREADS = asked;
  });
});
