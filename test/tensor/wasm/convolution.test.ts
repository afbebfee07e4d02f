/** Convolutions on wasm and their gradients, against sums in double precision and the cpu backend. */
import assert from 'node:assert/strict';
import { gelu } from '../../../src/tensor/activations.js';
import { tf } from '../../../src/tensor/tf.js';
import { setThreadCount, threadCount } from '../../../src/tensor/wasm/team.js';
import { assertClose } from '../../support/close.js';
import { random } from '../../support/compare.js';
import {
  assertKeepsNothing,
  eachWindow,
  onCpu,
  tfPadding,
  type Windows,
} from '../../support/images.js';

interface Case extends Windows {
  readonly image: [number, number, number, number];
  /** Channels of the output; of a depthwise convolution, for each channel of the image */
  readonly outChannels: number;
  readonly depthwise: boolean;
}

const convolve =
  ({ strides, padding, depthwise }: Case) =>
  (x: tf.Tensor, filter: tf.Tensor): tf.Tensor => {
    const [image, weights] = [x as tf.Tensor4D, filter as tf.Tensor4D];
    const pad = tfPadding(padding);
    return depthwise
      ? tf.depthwiseConv2d(image, weights, strides, pad)
      : tf.conv2d(image, weights, strides, pad);
  };

/** y = Σ x·filter over the cells of each window, and the gradients of Σ y·dy. */
async function bruteForce(
  { image, window, depthwise, ...rest }: Case,
  [x, filter, dy]: [tf.Tensor, tf.Tensor, tf.Tensor],
) {
  const [xs, filters, dys] = await Promise.all([x.data(), filter.data(), dy.data()]);
  const [y, dx, dFilter] = [dy, x, filter].map(({ size }) => new Float64Array(size));
  const channels = image[3];
  const width = dy.shape[3]!;
  const multiplier = filter.shape[3]!;
  const [rows, columns] = eachWindow(image, { window, ...rest }, (index, cells) => {
    for (const { cell, position } of cells) {
      for (let channel = 0; channel < channels; channel++) {
        const from = cell * channels + channel;
        for (let out = 0; out < multiplier; out++) {
          const to = index * width + (depthwise ? channel * multiplier + out : out);
          const weight = (position * channels + channel) * multiplier + out;
          y![to]! += xs[from]! * filters[weight]!;
          dx![from]! += dys[to]! * filters[weight]!;
          dFilter![weight]! += dys[to]! * xs[from]!;
        }
      }
    }
  });
  return {
    y: { shape: [image[0], rows, columns, width], values: Float32Array.from(y!) },
    dx: { shape: x.shape, values: Float32Array.from(dx!) },
    dFilter: { shape: filter.shape, values: Float32Array.from(dFilter!) },
  };
}

async function assertRight(one: Case): Promise<void> {
  const name = JSON.stringify(one);
  const x = random(one.image, 1);
  const filter = random([...one.window, one.image[3], one.outChannels], 2);
  const y = convolve(one)(x, filter);
  const dy = random(y.shape, 3);
  const [dx, dFilter] = tf.grads(convolve(one))([x, filter], dy);
  const expected = await bruteForce(one, [x, filter, dy]);
  await assertClose(`y of ${name}`, y, expected.y, 1e-5);
  await assertClose(`dx of ${name}`, dx!, expected.dx, 1e-5);
  await assertClose(`dfilter of ${name}`, dFilter!, expected.dFilter, 1e-5);
  tf.dispose([x, filter, y, dy, dx!, dFilter!]);
}

const paddings = [
  'same',
  'valid',
  [
    [2, 1],
    [0, 3],
  ],
] as Windows['padding'][];

for (const depthwise of [false, true]) {
  describe(`${depthwise ? 'depthwise convolutions' : 'convolutions'} on wasm`, () => {
    before(function () {
      if (tf.getBackend() !== 'wasm') this.skip();
    });

    for (const size of [1, 3, 7]) {
      for (const stride of [1, 2, 4]) {
        it(`are right with windows of ${size} and strides of ${stride}`, async () => {
          for (const padding of [...paddings, 1]) {
            for (const [batch, height, width] of [
              [1, 9, 8],
              [3, 7, 11],
            ] as const) {
              for (const channels of [1, 3, 17]) {
                await assertRight({
                  image: [batch, height, width, channels],
                  window: [size, size],
                  strides: [stride, stride],
                  padding,
                  outChannels: depthwise ? 1 : 5,
                  depthwise,
                });
              }
            }
          }
        });
      }
    }

    it('are right where height and width differ in all things', async () => {
      for (const padding of paddings) {
        for (const [window, strides] of [
          [
            [2, 3],
            [1, 2],
          ],
          [
            [5, 1],
            [3, 1],
          ],
          [
            [1, 4],
            [2, 5],
          ],
        ] as [[number, number], [number, number]][]) {
          const rest = { window, strides, padding, outChannels: depthwise ? 1 : 9, depthwise };
          await assertRight({ image: [2, 6, 10, 4], ...rest });
          await assertRight({ image: [1, 12, 5, 21], ...rest });
        }
      }
    });

    it('give zeros where nothing but padding was met', async () => {
      const rest = { outChannels: 2, depthwise };
      const padding = [
        [1, 0],
        [1, 0],
      ] as Windows['padding'];
      await assertRight({
        image: [1, 1, 1, 3],
        window: [3, 3],
        strides: [1, 1],
        padding: 'same',
        ...rest,
      });
      await assertRight({ image: [1, 3, 3, 3], window: [1, 1], strides: [4, 4], padding, ...rest });
      await assertRight({
        image: [1, 8, 8, 3],
        window: [2, 2],
        strides: [4, 4],
        padding: 'same',
        ...rest,
      });
    });

    it('never depend on the number of threads', async () => {
      const before = threadCount();
      const one: Case = {
        image: [3, 33, 30, 40],
        window: [3, 3],
        strides: [1, 1],
        padding: 'same',
        outChannels: depthwise ? 1 : 24,
        depthwise,
      };
      const x = random(one.image, 1);
      const filter = random([3, 3, 40, one.outChannels], 2);
      const results = [];
      try {
        for (const threads of [1, 3]) {
          setThreadCount(threads);
          // Repeated, because a helper that has just been started comes late.
          for (let repeat = 0; repeat < 4; repeat++) {
            const gradients = tf.grads(convolve(one))([x, filter]);
            results.push(await Promise.all(gradients.map((gradient) => gradient.data())));
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
        }
      } finally {
        setThreadCount(before);
      }
      for (const result of results) assert.deepEqual(result, results[0]);
    });

    it('keep no tensors and no memory', () => {
      const one: Case = {
        image: [2, 5, 5, 3],
        window: [3, 3],
        strides: [1, 1],
        padding: 'same',
        outChannels: 2,
        depthwise,
      };
      const [x, filter] = [random(one.image, 1), random([3, 3, 3, 2], 2)];
      assertKeepsNothing(() => tf.grads(convolve(one))([x, filter]));
    });
  });
}

describe('depthwise convolutions with several filters a channel on wasm', () => {
  it('are right', async function () {
    if (tf.getBackend() !== 'wasm') this.skip();
    for (const padding of paddings) {
      for (const channels of [1, 3, 17]) {
        await assertRight({
          image: [2, 6, 7, channels],
          window: [3, 2],
          strides: [2, 2],
          padding,
          outChannels: 3,
          depthwise: true,
        });
      }
    }
  });
});

describe('what convolutions on wasm cannot do', () => {
  before(function () {
    if (tf.getBackend() !== 'wasm') this.skip();
  });
  const x = () => random([1, 5, 5, 2], 1) as tf.Tensor4D;

  it('is a gradient with dilation', () => {
    const filter = random([3, 3, 2, 1], 2) as tf.Tensor4D;
    const dilated = (image: tf.Tensor) =>
      tf.conv2d(image as tf.Tensor4D, filter, 1, 'same', 'NHWC', 2);
    assert.throws(() => tf.grad(dilated)(x()), /dilation rates greater than 1/);
    const attributes = { strides: 1, pad: 'same', dilations: [2, 1] };
    const run = (name: string, inputs: tf.NamedTensorMap, more: object) =>
      tf.engine().runKernel(name, inputs, { ...attributes, ...more });
    assert.throws(
      () =>
        run(
          'DepthwiseConv2dNativeBackpropFilter',
          { x: x(), dy: x() },
          { filterShape: [3, 3, 2, 1] },
        ),
      /DepthwiseConv2dNativeBackpropFilter: dilation rates must be 1, got 2,1/,
    );
    assert.throws(
      () =>
        run(
          'DepthwiseConv2dNativeBackpropInput',
          { dy: x(), filter },
          { inputShape: [1, 5, 5, 2] },
        ),
      /DepthwiseConv2dNativeBackpropInput: dilation rates must be 1, got 2,1/,
    );
  });

  it('is a gradient of channels that come first', () => {
    assert.throws(
      () =>
        tf
          .engine()
          .runKernel(
            'Conv2DBackpropFilter',
            { x: x(), dy: x() },
            { strides: 1, pad: 'same', dataFormat: 'NCHW', filterShape: [3, 3, 5, 5] },
          ),
      /Conv2DBackpropFilter: the data format must be NHWC, got NCHW/,
    );
  });

  it('is a transposed convolution to an image that does not fit', () => {
    const filter = random([3, 3, 1, 2], 2) as tf.Tensor4D;
    assert.throws(
      () => tf.conv2dTranspose(x(), filter, [1, 12, 12, 1], 2, 'same'),
      /with strides \[2\].*give \[1,6,6,2\], not \[1,5,5,2\]/,
    );
  });

  it('is an output of another size than there are windows', () => {
    const filter = random([3, 1, 2, 1], 2) as tf.Tensor4D;
    const windows =
      /: 5 × 7 windows fit into the image, and TF.js's wasm backend cannot make 5 × 5/;
    assert.throws(() => tf.conv2d(x(), filter, 1, 1), windows);
    assert.throws(() => tf.depthwiseConv2d(x(), filter, 1, 1), windows);
    assert.throws(
      () => tf.fused.conv2d({ x: x(), filter, strides: 1, pad: 1 }),
      /FusedConv2D: 5 × 7 windows/,
    );
    assert.throws(
      () => tf.conv2d(x(), random([2, 2, 2, 1], 2) as tf.Tensor4D, 2, 1, 'NHWC', 1, 'ceil'),
      /Conv2D: 3 × 3 windows fit.*cannot make 4 × 4/,
    );
  });

  it('is a gradient over volumes', () => {
    const volume = random([1, 3, 3, 3, 1], 1) as tf.Tensor5D;
    const filter = random([2, 2, 2, 1, 1], 2) as tf.Tensor5D;
    const convolution = (a: tf.Tensor, b: tf.Tensor) =>
      tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, 1, 'same');
    assert.throws(
      () => tf.grads(convolution)([volume, filter]),
      /Conv3DBackprop\w+: TF.js's wasm backend computes wrong gradients.*use MMP_BACKEND=cpu/,
    );
  });
});

describe('fused convolutions on wasm', () => {
  it('are right where the windows of same padding leave cells out', async function () {
    if (tf.getBackend() !== 'wasm') this.skip();
    const x = random([1, 8, 8, 3], 1) as tf.Tensor4D;
    for (const depthwise of [false, true]) {
      const outChannels = depthwise ? 1 : 4;
      const filter = random([3, 3, 3, outChannels], 2) as tf.Tensor4D;
      const bias = random([depthwise ? 3 : 4], 3) as tf.Tensor1D;
      const options = { x, filter, bias, strides: 4, pad: 'same' as const };
      const y = depthwise ? tf.fused.depthwiseConv2d(options) : tf.fused.conv2d(options);
      const one: Case = {
        image: x.shape,
        window: [3, 3],
        strides: [4, 4],
        padding: 'same',
        outChannels,
        depthwise,
      };
      const expected = await bruteForce(one, [x, filter, tf.zerosLike(y)]);
      await assertClose('y', tf.sub(y, bias), expected.y, 1e-5);
    }
  });
});

describe('a small convolutional network on wasm', () => {
  it('has the gradients that it has on cpu', async function () {
    if (tf.getBackend() !== 'wasm') this.skip();
    const shapes = [
      [2, 17, 16, 3],
      [3, 3, 3, 8],
      [3, 3, 8, 1],
      [8, 5],
    ];
    const values = shapes.map((shape, index) => random(shape, index + 1, 0.5).dataSync());
    const network = (x: tf.Tensor, first: tf.Tensor, second: tf.Tensor, dense: tf.Tensor) => {
      const edges = tf.conv2d(x as tf.Tensor4D, first as tf.Tensor4D, 2, 'same');
      const mixed = tf.depthwiseConv2d(
        gelu(edges) as tf.Tensor4D,
        second as tf.Tensor4D,
        1,
        'same',
      );
      return tf.matMul(tf.mean(gelu(mixed), [1, 2]), dense);
    };
    const gradients = () =>
      tf.grads(network)(
        values.map((value, index) => tf.tensor(value, shapes[index])),
        tf.tensor([1, -2, 3, -4, 5, 5, -4, 3, -2, 1], [2, 5]),
      );
    const expected = await onCpu(gradients);
    for (const [index, gradient] of gradients().entries()) {
      await assertClose(`gradient of input ${index}`, gradient, expected[index]!, 1e-5);
    }
  });
});
