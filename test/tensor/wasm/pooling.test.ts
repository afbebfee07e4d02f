/** Pooling on wasm and its gradients, against windows written out and the cpu backend. */
import assert from 'node:assert/strict';
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

const pool =
  ({ window, strides, padding }: Windows, mean = false) =>
  (x: tf.Tensor): tf.Tensor =>
    // The types leave out the padding of each side, which pooling knows.
    (mean ? tf.avgPool : tf.maxPool)(
      x as tf.Tensor4D,
      window,
      strides,
      tfPadding(padding) as number,
    );

/** The values of pooling and its gradient; of equal cells the first is the largest. */
async function bruteForce(windows: Windows, x: tf.Tensor, dy: tf.Tensor, mean: boolean) {
  const [xs, dys] = await Promise.all([x.data(), dy.data()]);
  const [y, dx] = [new Float64Array(dy.size), new Float64Array(x.size)];
  const channels = x.shape[3]!;
  eachWindow(x.shape, windows, (index, cells) => {
    for (let channel = 0; channel < channels; channel++) {
      const to = index * channels + channel;
      const places = cells.map(({ cell }) => cell * channels + channel);
      if (mean) {
        for (const place of places) y[to]! += xs[place]! / places.length;
        for (const place of places) dx[place]! += dys[to]! / places.length;
      } else {
        const largest = Math.max(...places.map((place) => xs[place]!));
        y[to] = largest;
        dx[places.find((place) => xs[place] === largest)!]! += dys[to]!;
      }
    }
  });
  return {
    y: { shape: dy.shape, values: Float32Array.from(y) },
    dx: { shape: x.shape, values: Float32Array.from(dx) },
  };
}

async function assertRight(windows: Windows, x: tf.Tensor, mean = false): Promise<void> {
  const name = `${JSON.stringify(windows)} over [${x.shape.join()}]`;
  const y = pool(windows, mean)(x);
  const dy = random(y.shape, 9);
  const dx = tf.grad(pool(windows, mean))(x, dy);
  const expected = await bruteForce(windows, x, dy, mean);
  await assertClose(`y of ${name}`, y, expected.y, 1e-5);
  await assertClose(`dx of ${name}`, dx, expected.dx, 1e-5);
  tf.dispose([y, dy, dx]);
}

/** Padding that leaves no window without a cell */
const paddings = (size: number): Windows['padding'][] => [
  'same',
  'valid',
  size > 1 ? 1 : 0,
  [
    [0, size - 1],
    [size - 1, 0],
  ],
];

describe('pooling on wasm', () => {
  before(function () {
    if (tf.getBackend() !== 'wasm') this.skip();
  });

  for (const size of [1, 2, 3, 7]) {
    for (const stride of [1, 2, 4]) {
      it(`is right with windows of ${size} and strides of ${stride}, for all signs`, async () => {
        for (const padding of paddings(size)) {
          for (const [batch, height, width] of [
            [1, 9, 8],
            [3, 7, 11],
          ] as const) {
            for (const channels of [1, 3, 17]) {
              const windows: Windows = { window: [size, size], strides: [stride, stride], padding };
              const x = random([batch, height, width, channels], 1);
              await assertRight(windows, x);
              await assertRight(windows, tf.sub(x, 10));
              await assertRight(windows, x, true);
            }
          }
        }
      });
    }
  }

  it('is right where height and width differ in all things', async () => {
    for (const padding of [
      'same',
      'valid',
      [
        [1, 0],
        [0, 2],
      ],
    ] as Windows['padding'][]) {
      const windows: Windows = { window: [2, 3], strides: [3, 1], padding };
      await assertRight(windows, random([2, 6, 5, 20], 1));
      await assertRight(windows, random([2, 6, 5, 20], 1), true);
    }
  });

  it('leads the gradient to the same one of equal cells as cpu does', async () => {
    const values = random([2, 6, 6, 5], 1).dataSync().map(Math.round);
    const gradient = () => [
      tf.grad((x: tf.Tensor) => tf.square(tf.maxPool(x as tf.Tensor4D, 3, 2, 'same')))(
        tf.tensor(values, [2, 6, 6, 5]),
      ),
    ];
    const [expected] = await onCpu(gradient);
    assert.deepEqual(await gradient()[0]!.data(), expected!.values);
  });

  it('gives no gradient to a window without a largest value', async () => {
    const x = tf.fill([1, 2, 2, 1], -Infinity);
    const gradient = tf.grad((y: tf.Tensor) => tf.maxPool(y as tf.Tensor4D, 2, 2, 'valid'))(x);
    assert.deepEqual([...(await gradient.data())], [0, 0, 0, 0]);
  });

  it('never depends on the number of threads', async () => {
    const before = threadCount();
    const x = random([3, 20, 21, 40], 1);
    const results = [];
    try {
      for (const threads of [1, 3]) {
        setThreadCount(threads);
        for (let repeat = 0; repeat < 4; repeat++) {
          const windows: Windows = { window: [3, 3], strides: [1, 1], padding: 'same' };
          results.push(await tf.grad(pool(windows))(x).data());
          // A helper that has just been started comes late.
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    } finally {
      setThreadCount(before);
    }
    for (const result of results) assert.deepEqual(result, results[0]);
  });

  it('keeps no tensors and no memory', () => {
    const x = random([2, 5, 5, 3], 1);
    const windows: Windows = { window: [3, 3], strides: [2, 2], padding: 'same' };
    assertKeepsNothing(() => tf.grad(pool(windows))(x));
  });

  it('knows the gradient of the mean over volumes without padding', async () => {
    const mean = (x: tf.Tensor) => tf.avgPool3d(x as tf.Tensor5D, 2, 2, 'same');
    const gradient = tf.grad(mean)(random([2, 4, 2, 2, 3], 1));
    assert.deepEqual(await gradient.data(), new Float32Array(96).fill(1 / 8));
  });

  it('refuses what TF.js gets wrong', () => {
    const image = random([1, 5, 5, 2], 1) as tf.Tensor4D;
    const volume = random([1, 3, 3, 3, 1], 1) as tf.Tensor5D;
    const reason = "TF.js's wasm backend finds no maximum in windows without a positive value";
    const refused = (name: string) => new RegExp(`${name}: ${reason}; use MMP_BACKEND=cpu`);
    assert.throws(() => tf.maxPool3d(volume, 2, 1, 'same'), refused('MaxPool3D'));
    assert.throws(
      () => tf.engine().runKernel('MaxPool3DGrad', { dy: volume, input: volume, output: volume }),
      refused('MaxPool3DGrad'),
    );
    assert.throws(() => tf.maxPoolWithArgmax(image, 2, 2, 'same'), refused('MaxPoolWithArgmax'));
    const filter = random([2, 2, 2], 2) as tf.Tensor3D;
    assert.throws(() => tf.dilation2d(image, filter, 1, 'same'), refused('Dilation2D'));
    for (const which of ['Input', 'Filter']) {
      const kernelName = `Dilation2DBackprop${which}`;
      assert.throws(
        () => tf.engine().runKernel(kernelName, { x: image, filter, dy: image }),
        refused(kernelName),
      );
    }
    const mean = (x: tf.Tensor) => tf.avgPool3d(x as tf.Tensor5D, 2, 1, 'same');
    assert.throws(() => tf.grad(mean)(volume), /AvgPool3DGrad: .* pool with 'valid'/);
    assert.throws(
      () => tf.maxPool(image, 2, 2, 0, 'ceil'),
      /MaxPool: 2 × 2 windows fit into the image.*cannot make 3 × 3/,
    );
    assert.throws(
      () => tf.avgPool(image, [3, 1], 1, 1),
      /AvgPool: 5 × 7 windows fit into the image.*cannot make 5 × 5/,
    );
  });
});
