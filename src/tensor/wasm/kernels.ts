/**
 * Kernels of TF.js's own that training needs and the wasm backend lacks or does slowly, put in through the
 * public kernel registry. They work on the backend's own memory.
 */
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { registerConvolutions } from './convolution.js';
import { gemm } from './gemm.js';
import { registerKeptInputs } from './keptInputs.js';
import { registerPooling } from './pooling.js';
import { replace, type Replacement } from './replace.js';
import { Team, type Address } from './team.js';

/**
 * UnsortedSegmentSum, which wasm lacks: row r of the output is the sum of the rows of x whose segment is
 * r. It is the gradient of every table look-up (`tf.gather`).
 *
 * x float32 [n, ...], segmentIds int32 [n] → [numSegments, ...]
 */
const unsortedSegmentSum: tf.KernelConfig = {
  kernelName: 'UnsortedSegmentSum',
  backendName: 'wasm',
  kernelFunc: ({ inputs, backend, attrs }) => {
    const { x, segmentIds } = inputs as { x: tf.TensorInfo; segmentIds: tf.TensorInfo };
    const { numSegments } = attrs as { numSegments: number };
    const wasm = backend as unknown as BackendWasm;
    // Outputs first: making one may move the memory, and with it every view.
    const out = wasm.makeOutput([numSegments, ...x.shape.slice(1)], 'float32');
    const sums = wasm.typedArrayFromHeap(out);
    const rows = wasm.typedArrayFromHeap(x);
    const segments = wasm.typedArrayFromHeap(segmentIds);
    const width = rows.length / segments.length;
    sums.fill(0);
    segments.forEach((segment, row) => {
      // A negative segment is dropped, as TensorFlow does.
      if (segment < 0) return;
      for (let column = 0; column < width; column++) {
        sums[segment * width + column]! += rows[row * width + column]!;
      }
    });
    return out;
  },
};

/**
 * Another tensor of the same values, as on every other backend. The backend's own copies them, and with that everything
 * that is kept for a gradient.
 */
const identity: Replacement = ({ inputs, backend }) => {
  const { x } = inputs as { x: tf.TensorInfo };
  if (x.dtype === 'string') return undefined;
  (backend as unknown as BackendWasm).incRef(x.dataId);
  const { dataId, shape, dtype } = x;
  return { dataId, shape, dtype };
};

/**
 * Slice of neighbouring values. The backend's own copies the whole input for each slice, which makes
 * cutting a packed vector into its n parts n times too slow.
 */
const slice: Replacement = ({ inputs, backend, attrs }) => {
  const { x } = inputs as { x: tf.TensorInfo };
  const { begin, size } = attrs as { begin: number | number[]; size: number | number[] };
  const [start, lengths] = tf.slice_util.parseSliceParams(x, begin, size) as [number[], number[]];
  if (x.dtype === 'string' || !tf.slice_util.isSliceContinous(x.shape, start, lengths)) {
    return undefined;
  }
  const wasm = backend as unknown as BackendWasm;
  const out = wasm.makeOutput(lengths, x.dtype);
  const values = wasm.typedArrayFromHeap(out);
  const offset = tf.slice_util.computeFlatOffset(start, tf.util.computeStrides(x.shape));
  values.set(wasm.typedArrayFromHeap(x).subarray(offset, offset + values.length));
  return out;
};

/**
 * Matrix products, batched, transposed and with a batch that is broadcast. The backend's own are fast for
 * one plain product only.
 */
const batchMatMul: Replacement = ({ inputs, backend, attrs }) => {
  const { a, b } = inputs as { a: tf.TensorInfo; b: tf.TensorInfo };
  const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const [rows, depth] = transposeA ? [aColumns, aRows] : [aRows, aColumns];
  const [shared, columns] = transposeB ? [bColumns, bRows] : [bRows, bColumns];
  const leading = tf.broadcast_util.assertAndGetBroadcastShape(
    a.shape.slice(0, -2),
    b.shape.slice(0, -2),
  );
  const batch = tf.util.sizeFromShape(leading);
  const sizes = [a, b].map(({ shape }) => tf.util.sizeFromShape(shape.slice(0, -2)));
  const regular = sizes.every((size) => size === batch || size === 1);
  if (depth !== shared || !regular || batch * rows * columns * depth === 0) return undefined;

  const team = Team.of(backend);
  const out = team.output([...leading, rows, columns]);
  const strides = (transposed: boolean, width: number) =>
    transposed ? { row: 1, column: width } : { row: width, column: 1 };
  const next = (x: tf.TensorInfo, size: number) =>
    size === 1 ? 0 : tf.util.sizeFromShape(x.shape.slice(-2));
  gemm(team, {
    batch,
    rows,
    columns,
    depth,
    a: { at: a, ...strides(transposeA, aColumns), batch: next(a, sizes[0]!) },
    b: { at: b, ...strides(transposeB, bColumns), batch: next(b, sizes[1]!) },
    c: { at: out, row: columns, batch: rows * columns },
  });
  return out;
};

/** Sums over the first axes, such as the gradient of a bias. The backend's own transposes first. */
const sum: Replacement = ({ inputs, backend, attrs }) => {
  const { x } = inputs as { x: tf.TensorInfo };
  const { axis, keepDims } = attrs as { axis: number | number[]; keepDims: boolean };
  const axes = tf.util.parseAxisParam(axis, x.shape);
  const first = axes.length < x.shape.length && [...axes].sort().every((a, place) => a === place);
  if (!first || x.dtype !== 'float32') return undefined;
  const rest = x.shape.slice(axes.length);
  const width = tf.util.sizeFromShape(rest);
  const rows = tf.util.sizeFromShape(x.shape.slice(0, axes.length));
  const team = Team.of(backend);
  const out = team.output(keepDims ? [...axes.map(() => 1), ...rest] : rest);
  team.overColumns('columnSums', rows, width, [x, out]);
  return out;
};

/** Tensors joined along an axis. The backend's own copies every row by itself in JavaScript. */
const concat: Replacement = ({ inputs, backend, attrs }) => {
  const parts = (inputs as unknown as tf.TensorInfo[]).filter(
    ({ shape }) => tf.util.sizeFromShape(shape) > 0,
  );
  if (parts.length === 0 || parts.some(({ dtype }) => dtype !== 'float32')) return undefined;
  const shapes = parts.map(({ shape }) => shape);
  const [axis] = tf.util.parseAxisParam((attrs as { axis: number }).axis, shapes[0]!) as [number];
  tf.backend_util.assertParamsConsistent(shapes, axis);
  const team = Team.of(backend);
  const out = team.output(tf.backend_util.computeOutShape(shapes, axis));
  copyParts(team, out, parts, axis, (whole, part) => [part, whole]);
  return out;
};

/** A tensor cut along an axis; the gradient of `concat`. */
const splitV: Replacement = ({ inputs, backend, attrs }) => {
  const { x } = inputs as { x: tf.TensorInfo };
  const { numOrSizeSplits, axis: asked } = attrs as {
    numOrSizeSplits: number | number[];
    axis: number;
  };
  if (x.dtype !== 'float32' || tf.util.sizeFromShape(x.shape) === 0) return undefined;
  const [axis] = tf.util.parseAxisParam(asked, x.shape) as [number];
  // The number of parts, or their sizes, one of which may be left open.
  const sizes = tf.backend_util.prepareSplitSize(x, numOrSizeSplits, axis);
  const team = Team.of(backend);
  const parts = sizes.map((size) =>
    team.output(x.shape.map((all, a) => (a === axis ? size : all))),
  );
  copyParts(team, x, parts, axis, (whole, part) => [whole, part]);
  return parts;
};

interface Rows {
  readonly at: Address;
  readonly stride: number;
}

/** Copies between a tensor and its parts along an axis. */
function copyParts(
  team: Team,
  whole: tf.TensorInfo,
  parts: tf.TensorInfo[],
  axis: number,
  fromAndTo: (whole: Rows, part: Rows) => [Rows, Rows],
): void {
  const rows = tf.util.sizeFromShape(whole.shape.slice(0, axis));
  const stride = tf.util.sizeFromShape(whole.shape.slice(axis));
  let start = team.address(whole);
  for (const part of parts) {
    const width = tf.util.sizeFromShape(part.shape.slice(axis));
    const [from, to] = fromAndTo({ at: start, stride }, { at: team.address(part), stride: width });
    team.runOnRows('copyRows', rows, width, [from.at, from.stride, to.at, to.stride]);
    start += 4 * width;
  }
}

/**
 * The gradient of resizing an image. The backend's own takes the centres of pixels for their corners, so
 * that with halfPixelCenters it belongs to another function.
 */
const resizeGradient: Replacement = ({ attrs }) => {
  if (!(attrs as { halfPixelCenters: boolean }).halfPixelCenters) return undefined;
  throw new Error(
    'resizing with halfPixelCenters: TF.js computes a wrong gradient; resize without halfPixelCenters',
  );
};

export function registerKernels(): void {
  tf.registerKernel(unsortedSegmentSum);
  replace('Identity', identity);
  replace('Slice', slice);
  replace('Concat', concat);
  replace('SplitV', splitV);
  replace('BatchMatMul', batchMatMul);
  replace('Sum', sum);
  replace('ResizeBilinearGrad', resizeGradient);
  replace('ResizeNearestNeighborGrad', resizeGradient);
  registerConvolutions();
  registerPooling();
  registerKeptInputs();
}
