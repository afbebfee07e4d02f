/** Operations on images whose gradients TF.js lacks or has wrong: against sums that are written out. */
import assert from 'node:assert/strict';
import { averagePool } from '../../src/tensor/averagePool.js';
import { addConvolution, addDepthwise, convolve, depthwise } from '../../src/tensor/convolution.js';
import { dropout } from '../../src/tensor/dropout.js';
import { dropChannels, dropPath } from '../../src/tensor/dropPath.js';
import { largestCell } from '../../src/tensor/largest.js';
import { linear, plainLinear } from '../../src/tensor/linear.js';
import { normal, Parameters } from '../../src/tensor/parameters.js';
import { stream } from '../../src/tensor/random.js';
import { resizeBilinear } from '../../src/tensor/resize.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from '../support/close.js';
import { asExpected, assertSameFunction, random } from '../support/compare.js';
import { assertSteady } from '../support/leaks.js';

/** [to, from] as a linear map of one axis, written out cell by cell */
type Weight = (to: number, from: number) => number;

/**
 * An operation that is linear in each channel, as one matrix over all cells: slow, and right with any gradient.
 *
 * @param weight of cell (i, j) of the input in cell (k, l) of the output
 */
function asMatrix(
  [height, width]: readonly [number, number],
  [newHeight, newWidth]: readonly [number, number],
  weight: (k: number, l: number, i: number, j: number) => number,
) {
  const values = new Float32Array(newHeight * newWidth * height * width);
  let at = 0;
  for (let k = 0; k < newHeight; k++)
    for (let l = 0; l < newWidth; l++)
      for (let i = 0; i < height; i++)
        for (let j = 0; j < width; j++) values[at++] = weight(k, l, i, j);
  const matrix = tf.tensor2d(values, [newHeight * newWidth, height * width]);
  return (x: tf.Tensor) => {
    const [batch, , , channels] = x.shape as [number, number, number, number];
    const cells = tf.reshape(tf.transpose(x, [1, 2, 0, 3]), [height * width, batch * channels]);
    const made = tf.reshape(tf.matMul(matrix, cells), [newHeight, newWidth, batch, channels]);
    return tf.transpose(made, [2, 0, 1, 3]);
  };
}

describe('averagePool', () => {
  for (const [height, width, size] of [
    [5, 4, 3],
    [9, 13, 7],
    [3, 6, 11],
  ] as const) {
    it(`is the mean of cells in the image, of windows of ${size} in ${height} × ${width}`, async () => {
      const reach = (size - 1) / 2;
      const near: Weight = (to, from) => Number(Math.abs(to - from) <= reach);
      const count = (at: number, length: number) =>
        Math.min(length - 1, at + reach) - Math.max(0, at - reach) + 1;
      const plain = asMatrix(
        [height, width],
        [height, width],
        (k, l, i, j) => (near(k, i) * near(l, j)) / count(k, height) / count(l, width),
      );
      await assertSameFunction((x) => averagePool(x, size), plain, [
        random([2, height, width, 5], 1),
      ]);
    });
  }

  it('names what is wrong', () => {
    assert.throws(
      () => averagePool(tf.ones([1, 4, 4, 1]), 4),
      /averagePool: size must be odd, got 4/,
    );
    assert.throws(
      () => averagePool(tf.ones([4, 4, 1]), 3),
      /averagePool: x must be \[B, h, w, C\]/,
    );
  });
});

describe('resizeBilinear', () => {
  // As PyTorch documents it: the centre of pixel k lies at (k + ½)·from/to − ½, and at 0 where that is negative.
  const share =
    (from: number, to: number): Weight =>
    (k, i) => {
      const centre = Math.min(from - 1, Math.max(0, ((k + 0.5) * from) / to - 0.5));
      return Math.max(0, 1 - Math.abs(centre - i));
    };
  for (const [from, to] of [
    [
      [3, 5],
      [12, 20],
    ],
    [
      [2, 3],
      [7, 4],
    ],
    [
      [8, 6],
      [3, 6],
    ],
    [
      [1, 1],
      [4, 8],
    ],
  ] as const) {
    it(`makes ${to.join(' × ')} of ${from.join(' × ')}`, async () => {
      const [down, across] = [share(from[0], to[0]), share(from[1], to[1])];
      const plain = asMatrix(from, to, (k, l, i, j) => down(k, i) * across(l, j));
      await assertSameFunction((x) => resizeBilinear(x, to[0], to[1]), plain, [
        random([2, ...from, 3], 2),
      ]);
    });
  }

  // With corners at corners it lies at k·(from − 1)/(to − 1); a single pixel is the first.
  const cornerShare =
    (from: number, to: number): Weight =>
    (k, i) =>
      Math.max(0, 1 - Math.abs((to > 1 ? (k * (from - 1)) / (to - 1) : 0) - i));
  for (const [from, to] of [
    [
      [3, 5],
      [7, 9],
    ],
    [
      [6, 7],
      [4, 1],
    ],
    [
      [1, 4],
      [3, 3],
    ],
  ] as const) {
    it(`makes ${to.join(' × ')} of ${from.join(' × ')} with corners at corners`, async () => {
      const [down, across] = [cornerShare(from[0], to[0]), cornerShare(from[1], to[1])];
      const plain = asMatrix(from, to, (k, l, i, j) => down(k, i) * across(l, j));
      await assertSameFunction((x) => resizeBilinear(x, to[0], to[1], 'corners'), plain, [
        random([2, ...from, 3], 2),
      ]);
    });
  }

  it("equals TF.js's own values, and returns what has the size already", async () => {
    const x = random([2, 4, 6, 3], 3) as tf.Tensor4D;
    for (const alignment of ['edges', 'corners'] as const) {
      const corners = alignment === 'corners';
      const expected = tf.image.resizeBilinear(x, [16, 24], corners, !corners);
      const resized = resizeBilinear(x, 16, 24, alignment);
      await assertClose(alignment, resized, await asExpected(expected), 'layer');
      assert.equal(resizeBilinear(x, 4, 6, alignment), x);
    }
  });
});

describe('largestCell', () => {
  it('is the largest, and its gradient goes there', async () => {
    const x = random([3, 4, 5, 6], 4);
    const plain = (each: tf.Tensor) => tf.max(each, [1, 2]);
    await assertSameFunction(largestCell, plain, [x]);
  });

  it('gives the gradient to the first of equal cells', async () => {
    const x = tf.tensor4d([1, 5, 5, 2, 5, 7, 1, 7], [1, 2, 2, 2]);
    const dx = tf.grad(largestCell)(x, tf.tensor2d([[10, 20]]));
    assert.deepEqual([...(await dx.data())], [0, 0, 10, 0, 0, 20, 0, 0]);
  });
});

describe('convolutions', () => {
  let parameters: Parameters;
  beforeEach(() => {
    parameters = new Parameters(5);
  });
  afterEach(() => {
    parameters.dispose();
  });
  /** With its parameters as inputs, so that they are differentiated, too */
  const replaced = (run: (read: Parameters) => tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) =>
    run({
      get: (name: string) => (name.endsWith('.weight') ? weight : bias),
    } as unknown as Parameters);

  for (const [size, stride, height, width] of [
    [7, 4, 16, 12],
    [3, 2, 8, 6],
    [3, 2, 7, 5],
    [7, 4, 13, 10],
  ] as const) {
    it(`pads as much on each side: windows of ${size} by ${stride} in ${height} × ${width}`, async () => {
      addConvolution(parameters, 'c', { size, inputs: 3, outputs: 4 }, normal(0.3));
      const pad = (size - 1) / 2;
      const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
      const across = width + 2 * pad + stride;
      const cells: number[] = [];
      for (let k = 0; k < rows; k++)
        for (let l = 0; l < columns; l++)
          for (let r = 0; r < size; r++)
            for (let c = 0; c < size; c++) cells.push((k * stride + r) * across + l * stride + c);
      // The windows one behind the other, picked out of the padded image, and one matrix product
      const plain = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) => {
        const around: [number, number] = [pad, pad + stride];
        const padded = tf.reshape(tf.pad(x, [[0, 0], around, around, [0, 0]]), [2, -1, 3]);
        const windows = tf.gather(padded, tf.tensor1d(cells, 'int32'), 1);
        const unfolded = tf.reshape(windows, [2, rows, columns, size * size * 3]);
        return plainLinear(unfolded, tf.reshape(weight, [-1, 4]), bias);
      };
      const fast = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) =>
        replaced((read) => convolve(read, 'c', x, stride), weight, bias);
      const inputs = [random([2, height, width, 3], 6), parameters.get('c.weight'), random([4], 7)];
      await assertSameFunction(fast, plain, inputs, 'network');
    });
  }

  it('have a filter for each channel', async () => {
    addDepthwise(parameters, 'd', { size: 3, width: 5 }, normal(0.3));
    const plain = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) => {
      const padded = tf.pad(x, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]);
      const parts: tf.Tensor[] = [];
      for (let r = 0; r < 3; r++) {
        for (let c = 0; c < 3; c++) {
          const filter = tf.reshape(tf.slice(weight, [r, c, 0, 0], [1, 1, 5, 1]), [5]);
          parts.push(tf.mul(tf.slice(padded, [0, r, c, 0], [2, 6, 4, 5]), filter));
        }
      }
      return tf.add(total(parts), bias);
    };
    const fast = (x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) =>
      replaced((read) => depthwise(read, 'd', x), weight, bias);
    const inputs = [random([2, 6, 4, 5], 8), parameters.get('d.weight'), random([5], 9)];
    await assertSameFunction(fast, plain, inputs);
  });

  it('name an image of other channels', () => {
    addConvolution(parameters, 'c', { size: 3, inputs: 3, outputs: 4 }, normal(1));
    addDepthwise(parameters, 'd', { size: 3, width: 3 }, normal(1));
    const x = tf.ones([1, 4, 4, 2]);
    assert.throws(
      () => convolve(parameters, 'c', x, 2),
      /convolve: c must be .*c=3.*got \[1, 4, 4, 2\]/,
    );
    assert.throws(() => depthwise(parameters, 'd', x), /depthwise: d must be .*c=3/);
  });

  it('of linear layers need no bias', async () => {
    parameters.add('l.weight', [3, 4], normal(1));
    const weight = parameters.get('l.weight');
    await assertSameFunction(
      (x) => linear(parameters, 'l', x),
      (x) => plainLinear(x, weight),
      [random([2, 3, 2, 3], 10)],
    );
  });
});

/** Two by two: of so many tensors at once `tf.addN` is more than WebGPU takes. */
const total = (parts: tf.Tensor[]) => parts.reduce((a, b) => tf.add(a, b));

describe('dropout of wholes', () => {
  const x = () => random([64, 2, 3, 8], 11);

  it('drops samples, and channels of samples, as dropout drops so many values', async () => {
    for (const [drop, shape] of [
      [dropPath, [64, 1, 1, 1]],
      [dropChannels, [64, 1, 1, 8]],
    ] as const) {
      const factors = dropout(tf.ones([...shape]), 0.25, stream(1, 'd'));
      const kept = [...(await factors.data())].filter((value) => value > 0);
      assert.ok(kept.every((value) => value === Math.fround(1 / 0.75)));
      assert.ok(kept.length > 0.5 * factors.size && kept.length < factors.size);
      await assertSameFunction(
        (each) => drop(each, 0.25, stream(1, 'd')),
        (each) => tf.mul(each, factors),
        [x()],
      );
    }
  });

  it('returns x itself where nothing is dropped, and keeps no tensor', async () => {
    const each = x();
    assert.equal(dropPath(each, 0.5, undefined), each);
    assert.equal(dropChannels(each, 0, stream(1, 'd')), each);
    await assertSteady(() => {
      tf.dispose(dropPath(each, 0.5, stream(1, 'd')));
      dropPath(each, 0.5, undefined);
    });
  });
});
