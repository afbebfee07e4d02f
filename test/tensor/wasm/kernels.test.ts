/** The gradients and kernels that we put into TF.js, against brute force. */
import assert from 'node:assert/strict';
import { takeRows } from '../../../src/tensor/rows.js';
import { tf } from '../../../src/tensor/tf.js';
import { asExpected, random } from '../../support/compare.js';
import { assertClose } from '../../support/close.js';

describe('the gradient of matMul', () => {
  for (const batch of [[], [1], [3]]) {
    for (const transposeA of [false, true]) {
      for (const transposeB of [false, true]) {
        it(`batch [${batch.join()}], A${transposeA ? 'ᵀ' : ''}·B${transposeB ? 'ᵀ' : ''}`, async () => {
          const a = random([...batch, ...(transposeA ? [5, 4] : [4, 5])], 1);
          const b = random([...batch, ...(transposeB ? [6, 5] : [5, 6])], 2);
          const dy = random([...batch, 4, 6], 3);
          // Y_rc = Σ_k A_rk·B_kc written out as a sum of products, which TF.js differentiates itself.
          const plain = (x: tf.Tensor, transposed: boolean) =>
            transposed ? tf.transpose(x, [...batch.keys(), batch.length + 1, batch.length]) : x;
          const slow = (x: tf.Tensor, y: tf.Tensor) =>
            tf.sum(
              tf.mul(
                tf.expandDims(plain(x, transposeA), -1),
                tf.expandDims(plain(y, transposeB), -3),
              ),
              -2,
            );
          const fast = (x: tf.Tensor, y: tf.Tensor) => tf.matMul(x, y, transposeA, transposeB);
          const expected = tf.grads(slow)([a, b], dy);
          const actual = tf.grads(fast)([a, b], dy);
          await assertClose('dA', actual[0]!, await asExpected(expected[0]!), 1e-5);
          await assertClose('dB', actual[1]!, await asExpected(expected[1]!), 1e-5);
        });
      }
    }
  }
});

describe('the gradient of a look-up', () => {
  it('adds up where a row is taken twice', async () => {
    const table = random([5, 3], 1);
    const indices = tf.tensor2d(
      [
        [4, 0],
        [4, 2],
      ],
      [2, 2],
      'int32',
    );
    const dy = tf.tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 2, 3]);
    const gradient = tf.grad((x: tf.Tensor) => tf.gather(x, indices))(table, dy);
    const expected = [
      [4, 5, 6],
      [0, 0, 0],
      [10, 11, 12],
      [0, 0, 0],
      [8, 10, 12],
    ];
    assert.deepEqual(await gradient.array(), expected);
  });

  it('leads rows of a batch back to their places', async () => {
    const x = random([4, 2, 3], 1);
    const gradient = tf.grad((input: tf.Tensor) => takeRows(input, [3, 1]))(x, tf.ones([2, 2, 3]));
    assert.deepEqual(await tf.sum(gradient, [1, 2]).array(), [0, 6, 0, 6]);
  });
});

describe('clones', () => {
  it('have their values for as long as they live, without a copy', async () => {
    const x = random([2, 3], 1);
    const values = await x.data();
    const clone = x.clone();
    assert.equal(clone.dataId, x.dataId);
    x.dispose();
    const others = random([2, 3], 2);
    assert.deepEqual(await clone.data(), values);
    tf.dispose([clone, others]);
  });
});

describe('slices', () => {
  const x = () => tf.reshape(tf.range(0, 24), [2, 3, 4]);
  const cases: [number[], number[], number[]][] = [
    [
      [1, 0, 0],
      [1, 3, 4],
      [12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23],
    ],
    [
      [1, 1, 0],
      [1, 1, 4],
      [16, 17, 18, 19],
    ],
    [
      [0, 2, 1],
      [2, 1, 2],
      [9, 10, 21, 22],
    ],
    [
      [0, 0, 3],
      [-1, -1, 1],
      [3, 7, 11, 15, 19, 23],
    ],
  ];
  for (const [begin, size, expected] of cases) {
    it(`from [${begin.join()}] of [${size.join()}]`, async () => {
      assert.deepEqual([...(await tf.slice(x(), begin, size).data())], expected);
    });
  }

  it('keep integers and give gradients', async () => {
    const integers = tf.tensor1d([5, 6, 7], 'int32');
    assert.deepEqual([...(await tf.slice(integers, [1], [2]).data())], [6, 7]);
    const gradient = tf.grad((input: tf.Tensor) => tf.slice(input, [1, 0, 0], [1, 1, 4]))(x());
    assert.deepEqual(await tf.sum(gradient, 2).array(), [
      [0, 0, 0],
      [4, 0, 0],
    ]);
  });
});

describe('joining, cutting and summing', () => {
  // Integers take the backend's own kernels, so they are an oracle for the replaced ones.
  const whole = (shape: number[], seed: number) =>
    // Without −0, which integers do not have.
    tf.add(tf.round(random(shape, seed, 100)), 0);

  for (const { shape, axis, sizes } of [
    { shape: [7], axis: 0, sizes: [3, 4] },
    { shape: [2, 9, 5], axis: 0, sizes: [1, 1] },
    { shape: [2, 9, 5], axis: 1, sizes: [1, 5, 3] },
    { shape: [3, 4, 22], axis: -1, sizes: [17, 1, 4] },
    { shape: [1, 300, 130], axis: 2, sizes: [65, 65] },
  ]) {
    it(`[${shape.join()}] along ${axis} in ${sizes.join()}`, async () => {
      const x = whole(shape, 1);
      const parts = tf.split(x, sizes, axis);
      const expected = tf.split(tf.cast(x, 'int32'), sizes, axis);
      for (const [index, part] of parts.entries()) {
        assert.deepEqual(part.shape, expected[index]!.shape);
        assert.deepEqual([...(await part.data())], [...(await expected[index]!.data())]);
      }
      assert.deepEqual(await tf.concat(parts, axis).data(), await x.data());
      const weights = random(shape, 2);
      const gradient = tf.grad((input: tf.Tensor) =>
        tf.sum(tf.mul(tf.concat(tf.split(input, sizes, axis), axis), weights)),
      )(x);
      assert.deepEqual(await gradient.data(), await weights.data());
    });
  }

  for (const [shape, axis, keepDims] of [
    [[5, 3], 0, false],
    [[4, 3, 70], [0, 1], true],
    [[4, 3, 70], [1, 0], false],
    [[4, 3, 7], 1, false],
    [[4, 3, 7], -1, true],
    [[6], 0, false],
  ] as const) {
    it(`sum of [${shape.join()}] over ${axis.toString()}`, async () => {
      const x = whole([...shape], 3);
      const axes = typeof axis === 'number' ? axis : [...axis];
      const actual = tf.sum(x, axes, keepDims);
      const expected = tf.sum(tf.cast(x, 'int32'), axes, keepDims);
      assert.deepEqual(actual.shape, expected.shape);
      assert.deepEqual([...(await actual.data())], [...(await expected.data())]);
    });
  }
});

describe('the gradient of resizing an image on wasm', () => {
  before(function () {
    if (tf.getBackend() !== 'wasm') this.skip();
  });
  const methods = {
    bilinear: tf.image.resizeBilinear,
    nearest: tf.image.resizeNearestNeighbor,
  };
  for (const [name, resize] of Object.entries(methods)) {
    for (const size of [
      [3, 5],
      [9, 11],
    ] as [number, number][]) {
      for (const alignCorners of [false, true]) {
        it(`${name} to ${size.join(' × ')}${alignCorners ? ', corners aligned' : ''}`, async () => {
          const x = random([2, 4, 7, 3], 1);
          const dy = random([2, ...size, 3], 2);
          const resized = (image: tf.Tensor) => resize(image as tf.Tensor4D, size, alignCorners);
          // Resizing is linear: for all x', ⟨dx, x'⟩ = ⟨dy, resized x'⟩. Cell by cell of x' that is dx.
          const cells = tf.reshape(tf.eye(28), [28, 4, 7, 1]);
          const effects = tf.reshape(resized(cells), [28, -1]);
          const places = tf.reshape(tf.transpose(dy, [1, 2, 0, 3]), [-1, 6]);
          const expected = tf.transpose(
            tf.reshape(tf.matMul(effects, places), [4, 7, 2, 3]),
            [2, 0, 1, 3],
          );
          const actual = tf.grad(resized)(x, dy);
          await assertClose('dx', actual, await asExpected(expected), 1e-5);
        });
      }
    }

    it(`${name} with half pixel centers is refused`, () => {
      const x = random([1, 4, 4, 1], 1);
      const resized = (image: tf.Tensor) => resize(image as tf.Tensor4D, [8, 8], false, true);
      assert.throws(() => tf.grad(resized)(x), /halfPixelCenters: TF.js computes a wrong gradient/);
    });
  }
});
