/** Windows over images, written out: what convolutions and pooling are compared with. */
import assert from 'node:assert/strict';
import { useBackend } from '../../src/tensor/backend.js';
import { tf } from '../../src/tensor/tf.js';
import { asExpected } from './compare.js';

type Pair = [number, number];

/** Cells of padding above and below, and to the left and right */
type Sides = [Pair, Pair];
export type Padding = 'same' | 'valid' | number | Sides;

export interface Windows {
  readonly window: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
}

/** The padding as TF.js takes it. */
export function tfPadding(
  padding: Padding,
): 'same' | 'valid' | number | tf.backend_util.ExplicitPadding {
  return typeof padding === 'object' ? [[0, 0], ...padding, [0, 0]] : padding;
}

/** How many windows there are along an axis, and where the first begins. */
function along(size: number, window: number, stride: number, padding: Padding, axis: 0 | 1): Pair {
  if (padding === 'same') {
    const count = Math.ceil(size / stride);
    const cells = Math.max(0, (count - 1) * stride + window - size);
    return [count, -Math.floor(cells / 2)];
  }
  const zero = padding === 'valid' ? 0 : padding;
  const [before, after] = typeof zero === 'object' ? zero[axis] : [zero, zero];
  return [Math.floor((size + before + after - window) / stride) + 1, -before];
}

/**
 * Calls `visit` for every window with its number, sample · rows · columns, and the cells of the images in it,
 * numbered alike, each with its position in the window.
 *
 * @returns the numbers of rows and columns of windows
 */
export function eachWindow(
  [batch, height, width]: readonly number[],
  { window, strides, padding }: Windows,
  visit: (window: number, cells: { cell: number; position: number }[]) => void,
): Pair {
  const [rows, top] = along(height!, window[0], strides[0], padding, 0);
  const [columns, left] = along(width!, window[1], strides[1], padding, 1);
  for (let index = 0; index < batch! * rows * columns; index++) {
    const sample = Math.floor(index / rows / columns);
    const above = top + (Math.floor(index / columns) % rows) * strides[0];
    const before = left + (index % columns) * strides[1];
    const cells = [];
    for (let position = 0; position < window[0] * window[1]; position++) {
      const row = above + Math.floor(position / window[1]);
      const column = before + (position % window[1]);
      if (row < 0 || row >= height! || column < 0 || column >= width!) continue;
      cells.push({ cell: (sample * height! + row) * width! + column, position });
    }
    visit(index, cells);
  }
  return [rows, columns];
}

/** Asserts that something makes and keeps neither tensors nor memory of the backend; it may return tensors. */
export function assertKeepsNothing(make: () => tf.TensorContainer): void {
  tf.dispose(make());
  const backend = tf.backend();
  const before = [tf.memory().numTensors, backend.numDataIds()];
  for (let repeat = 0; repeat < 3; repeat++) tf.dispose(make());
  assert.deepEqual([tf.memory().numTensors, backend.numDataIds()], before);
}

/** What something computes on the cpu backend, as `assertClose` expects it. */
export async function onCpu(
  compute: () => tf.Tensor[],
): Promise<Awaited<ReturnType<typeof asExpected>>[]> {
  const backend = tf.getBackend();
  await useBackend('cpu');
  try {
    return await Promise.all(compute().map(asExpected));
  } finally {
    await useBackend(backend);
  }
}
