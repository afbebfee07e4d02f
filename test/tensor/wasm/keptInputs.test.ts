/** Values that change in their place, as optimisers change them, are seen by every kernel. */
import assert from 'node:assert/strict';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { stream } from '../../../src/tensor/random.js';
import { tf } from '../../../src/tensor/tf.js';

const random = stream(5, 'kept');
const draw = (...shape: number[]) =>
  tf.tensor(
    Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => random.normal()),
    shape,
  );

/** Makes every value of a tensor twice what it is, where it lies. */
function double({ dataId, shape }: tf.Tensor): void {
  const values = (tf.backend() as unknown as BackendWasm).typedArrayFromHeap({
    ...{ dataId, shape },
    dtype: 'float32',
  });
  values.set(values.map((value) => 2 * value));
}

describe('kernels of wasm that keep inputs', () => {
  let image: tf.Tensor4D;
  let matrix: tf.Tensor2D;
  before(() => {
    image = draw(2, 5, 4, 3) as tf.Tensor4D;
    matrix = draw(6, 3) as tf.Tensor2D;
  });
  const cases: Record<
    string,
    [weights: () => tf.Tensor[], compute: (...of: never[]) => tf.Tensor]
  > = {
    Conv2D: [
      () => [draw(3, 3, 3, 2)],
      (filter: tf.Tensor4D) => tf.conv2d(image, filter, 1, 'same'),
    ],
    'Conv2D of 1 × 1': [
      () => [draw(1, 1, 3, 2)],
      (filter: tf.Tensor4D) => tf.conv2d(image, filter, 1, 'valid'),
    ],
    DepthwiseConv2dNative: [
      () => [draw(3, 3, 3, 1)],
      (filter: tf.Tensor4D) => tf.depthwiseConv2d(image, filter, 1, 'same'),
    ],
    FusedConv2D: [
      () => [draw(3, 3, 3, 2), draw(2)],
      (filter: tf.Tensor4D, bias: tf.Tensor1D) =>
        tf.fused.conv2d({ x: image, filter, bias, strides: 1, pad: 'same' }),
    ],
    FusedDepthwiseConv2D: [
      () => [draw(3, 3, 3, 1), draw(3)],
      (filter: tf.Tensor4D, bias: tf.Tensor1D) =>
        tf.fused.depthwiseConv2d({ x: image, filter, bias, strides: 1, pad: 'same' }),
    ],
    _FusedMatMul: [
      () => [draw(3, 4), draw(4)],
      (b: tf.Tensor2D, bias: tf.Tensor1D) => tf.fused.matMul({ a: matrix, b, bias: bias }),
    ],
    BatchMatMul: [() => [draw(3, 4)], (b: tf.Tensor2D) => tf.matMul(matrix, b)],
    Prelu: [
      () => [draw(3)],
      (alpha: tf.Tensor) => tf.prelu(tf.neg(tf.abs<tf.Tensor>(matrix)), alpha),
    ],
  };
  for (const [name, [weights, compute]] of Object.entries(cases)) {
    it(`see what ${name} is given now`, async () => {
      const before = tf.memory().numTensors;
      const given = weights();
      const run = () => tf.tidy(() => (compute as (...of: tf.Tensor[]) => tf.Tensor)(...given));
      const first = run();
      for (const tensor of given) double(tensor);
      const second = run();
      const [once, twice] = [await first.data(), await second.data()];
      once.forEach((value, place) => {
        assert.ok(Math.abs(twice[place]! - 2 * value) < 1e-5, `${twice[place]} and ${2 * value}`);
      });
      tf.dispose([...given, first, second]);
      assert.equal(tf.memory().numTensors, before);
    });
  }
});
