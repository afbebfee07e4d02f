/**
 * Convolutions over images: the gradients that the wasm backend lacks or computes slowly, and a correction
 * of its forward kernels. With stride s and padding p, cell i of the output meets cell i·s − p + f of the
 * input at position f of the filter, in each of both directions; images are NHWC.
 */
import * as tf from '@tensorflow/tfjs';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { gemm } from './gemm.js';
import { refuse, replace, type Replacement } from './replace.js';
import { Team } from './team.js';

type Info = tf.backend_util.Conv2DInfo;
type Shape4D = [number, number, number, number];

/** What the gradients of all convolutions are given; those that are not depthwise have no dilations. */
type Attributes = Omit<tf.DepthwiseConv2dNativeBackpropInputAttrs, 'inputShape' | 'dilations'> & {
  dataFormat?: string;
  dilations?: number | [number, number];
};

/**
 * The sizes of a convolution whose gradient is asked for.
 *
 * @throws Error when it is dilated, not NHWC, or its output does not have the shape of `dy`
 */
function geometry(
  kernelName: string,
  inputShape: number[],
  filterShape: number[],
  dy: tf.TensorInfo,
  { strides, pad, dimRoundingMode, dataFormat = 'NHWC', dilations = 1 }: Attributes,
): Info {
  if ([dilations].flat().some((rate) => rate !== 1)) {
    throw new Error(`${kernelName}: dilation rates must be 1, got ${String(dilations)}`);
  }
  if (dataFormat !== 'NHWC') {
    throw new Error(`${kernelName}: the data format must be NHWC, got ${dataFormat}`);
  }
  const info = tf.backend_util.computeConv2DInfo(
    inputShape as Shape4D,
    filterShape as Shape4D,
    strides,
    1,
    pad,
    dimRoundingMode,
    kernelName.startsWith('Depthwise'),
  );
  if (!tf.util.arraysEqual(info.outShape, dy.shape)) {
    throw new Error(
      `${kernelName}: with strides [${[strides].flat().join()}] and padding ${JSON.stringify(pad)}, ` +
        `input [${inputShape.join()}] and filter [${filterShape.join()}] give ` +
        `[${info.outShape.join()}], not [${dy.shape.join()}]`,
    );
  }
  return info;
}

/** A tensor of zeros. */
function zeros(backend: unknown, shape: number[]): tf.TensorInfo {
  const out = Team.of(backend).output(shape);
  (backend as BackendWasm).typedArrayFromHeap(out).fill(0);
  return out;
}

/**
 * The gradient of the filter. For each row f of it, dW_f = Σ Xᵀ·dY over the samples and rows of the output:
 * the cells of the input that meet one cell of the output lie side by side, so that the row of the filter
 * is one matrix product. The input is padded first, and then every cell has its full window.
 *
 * x float32 [b, h, w, c], dy float32 [b, h', w', c'] → [fh, fw, c, c']
 *
 * @throws Error when the data format is not NHWC or dy has another shape than the output
 */
const conv2DBackpropFilter: tf.KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: tf.TensorInfo; dy: tf.TensorInfo };
  const attributes = attrs as unknown as tf.Conv2DBackpropFilterAttrs;
  const { filterShape } = attributes;
  const info = geometry('Conv2DBackpropFilter', x.shape, filterShape, dy, attributes);
  if (tf.util.sizeFromShape(dy.shape) === 0) return zeros(backend, filterShape);

  const { outHeight, outWidth, strideHeight, strideWidth, inChannels, outChannels } = info;
  const { filterHeight, filterWidth } = info;
  const rows = filterWidth * inChannels;
  const team = Team.of(backend);
  const out = team.output(filterShape);
  const padded = withPadding(backend, x, info);
  const [, height, width] = padded.shape as Shape4D;
  for (let sample = 0; sample < info.batchSize; sample++) {
    gemm(team, {
      rows,
      columns: outChannels,
      depth: outWidth,
      heads: filterHeight,
      terms: outHeight,
      accumulate: sample > 0,
      a: {
        at: padded,
        start: sample * height * width * inChannels,
        row: 1,
        column: strideWidth * inChannels,
        head: width * inChannels,
        term: strideHeight * width * inChannels,
      },
      b: {
        at: dy,
        start: sample * outHeight * outWidth * outChannels,
        row: outChannels,
        column: 1,
        term: outWidth * outChannels,
      },
      c: { at: out, row: outChannels, head: rows * outChannels },
    });
  }
  if (padded !== x) (backend as unknown as BackendWasm).disposeData(padded.dataId);
  return out;
};

/** The images with zeros around them, as far as windows reach; the images themselves where none do. */
function withPadding(backend: object, x: tf.TensorInfo, info: Info): tf.TensorInfo {
  const { padInfo, inHeight, inWidth, outHeight, outWidth, strideHeight, strideWidth } = info;
  const { top, left } = padInfo;
  const bottom = (outHeight - 1) * strideHeight + info.filterHeight - inHeight - top;
  const right = (outWidth - 1) * strideWidth + info.filterWidth - inWidth - left;
  const paddings = [
    [0, 0],
    [top, Math.max(0, bottom)],
    [left, Math.max(0, right)],
    [0, 0],
  ];
  if (paddings.flat().every((cells) => cells === 0)) return x;
  const pad = tf.getKernel('PadV2', 'wasm').kernelFunc;
  return pad({ inputs: { x }, backend, attrs: { paddings, constantValue: 0 } }) as tf.TensorInfo;
}

/**
 * The gradient of the input, which is also the transposed convolution. Each position of the filter adds the
 * product dY·Wᵀ to the cells that it met; within one position no cell is met twice.
 *
 * dy float32 [b, h', w', c'], filter float32 [fh, fw, c, c'] → [b, h, w, c]
 *
 * @throws Error when dy has another shape than the output
 */
const conv2DBackpropInput: Replacement = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: tf.TensorInfo; filter: tf.TensorInfo };
  const attributes = attrs as unknown as tf.Conv2DBackpropInputAttrs;
  const info = geometry('Conv2DBackpropInput', attributes.inputShape, filter.shape, dy, attributes);
  const { outHeight, outWidth, strideHeight, strideWidth, inChannels, outChannels } = info;
  const { batchSize, inHeight, inWidth, padInfo } = info;
  const team = Team.of(backend);
  const out = zeros(backend, attributes.inputShape);
  for (let row = 0; row < info.filterHeight; row++) {
    const vertical = met(row - padInfo.top, strideHeight, inHeight, outHeight);
    for (let column = 0; column < info.filterWidth; column++) {
      const horizontal = met(column - padInfo.left, strideWidth, inWidth, outWidth);
      const position = row * info.filterWidth + column;
      const firstOut = vertical.firstOut * outWidth + horizontal.firstOut;
      const firstIn = vertical.firstIn * inWidth + horizontal.firstIn;
      gemm(team, {
        heads: batchSize,
        batch: vertical.count,
        rows: horizontal.count,
        columns: inChannels,
        depth: outChannels,
        accumulate: true,
        a: {
          at: dy,
          start: firstOut * outChannels,
          row: outChannels,
          column: 1,
          batch: outWidth * outChannels,
          head: outHeight * outWidth * outChannels,
        },
        b: {
          at: filter,
          start: position * inChannels * outChannels,
          row: 1,
          column: outChannels,
        },
        c: {
          at: out,
          start: firstIn * inChannels,
          row: strideWidth * inChannels,
          batch: strideHeight * inWidth * inChannels,
          head: inHeight * inWidth * inChannels,
        },
      });
    }
  }
  return out;
};

/** Which cells of the output meet a cell of the input at i·stride + shift, and the first that is met. */
function met(
  shift: number,
  stride: number,
  inSize: number,
  outSize: number,
): { firstOut: number; firstIn: number; count: number } {
  const firstOut = Math.max(0, Math.ceil(-shift / stride));
  const end = Math.min(outSize, Math.ceil((inSize - shift) / stride));
  return { firstOut, firstIn: firstOut * stride + shift, count: Math.max(0, end - firstOut) };
}

/** The sizes in the order in which assembly/depthwise.ts reads them. */
function depthwiseSizes({ padInfo, ...info }: Info): number[] {
  return [
    ...[info.batchSize, info.inHeight, info.inWidth, info.inChannels],
    ...[info.outHeight, info.outWidth, info.filterHeight, info.filterWidth],
    ...[info.strideHeight, info.strideWidth, padInfo.top, padInfo.left],
  ];
}

/**
 * The gradient of the input of a depthwise convolution. With a multiplier m each channel meets m filters:
 * that is the sum over m channels that meet one filter each.
 *
 * dy float32 [b, h', w', c·m], filter float32 [fh, fw, c, m] → [b, h, w, c]
 *
 * @throws Error when it is dilated or dy has another shape than the output
 */
const depthwiseConv2dNativeBackpropInput: tf.KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: tf.Tensor; filter: tf.Tensor };
  const attributes = attrs as unknown as tf.DepthwiseConv2dNativeBackpropInputAttrs;
  const { inputShape } = attributes;
  const kernelName = 'DepthwiseConv2dNativeBackpropInput';
  const info = geometry(kernelName, inputShape, filter.shape, dy, attributes);
  const [filterHeight, filterWidth, channels, multiplier] = filter.shape as Shape4D;
  if (multiplier !== 1) {
    return tf.tidy(() => {
      const each = tf.reshape(filter, [filterHeight, filterWidth, info.outChannels, 1]);
      const wide = [...inputShape.slice(0, 3), info.outChannels];
      const dx = tf
        .engine()
        .runKernel<tf.Tensor>(kernelName, { dy, filter: each }, { ...attrs, inputShape: wide });
      return tf.sum(tf.reshape(dx, [...inputShape.slice(0, 3), channels, multiplier]), -1);
    });
  }
  const team = Team.of(backend);
  const out = team.output(inputShape);
  const addresses = [dy, filter, out].map(team.address);
  team.run('depthwiseInputGradient', info.batchSize * info.inHeight, [
    ...depthwiseSizes(info),
    ...addresses,
  ]);
  return out;
};

/**
 * The gradient of the filter of a depthwise convolution. With a multiplier m, each channel is repeated so
 * that every filter has one of its own.
 *
 * x float32 [b, h, w, c], dy float32 [b, h', w', c·m] → [fh, fw, c, m]
 *
 * @throws Error when it is dilated or dy has another shape than the output
 */
const depthwiseConv2dNativeBackpropFilter: tf.KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: tf.Tensor; dy: tf.Tensor };
  const attributes = attrs as unknown as tf.DepthwiseConv2dNativeBackpropFilterAttrs;
  const { filterShape } = attributes;
  const kernelName = 'DepthwiseConv2dNativeBackpropFilter';
  const info = geometry(kernelName, x.shape, filterShape, dy, attributes);
  const [filterHeight, filterWidth, , multiplier] = filterShape;
  if (multiplier !== 1) {
    return tf.tidy(() => {
      const repeated = tf.mul(tf.reshape(x, [-1, 1]), tf.ones([1, multiplier]));
      const wide = tf.reshape(repeated, [...x.shape.slice(0, 3), info.outChannels]);
      const dFilter = tf
        .engine()
        .runKernel<tf.Tensor>(
          kernelName,
          { x: wide, dy },
          { ...attrs, filterShape: [filterHeight, filterWidth, info.outChannels, 1] },
        );
      return tf.reshape(dFilter, filterShape);
    });
  }
  const team = Team.of(backend);
  const out = team.output(filterShape);
  const addresses = [x, dy, out].map(team.address);
  const chunks = filterHeight * filterWidth * Math.ceil(info.inChannels / 16);
  team.run('depthwiseFilterGradient', chunks, [...depthwiseSizes(info), ...addresses]);
  return out;
};

/**
 * A convolution with the padding 'same' said in numbers. The backend works it out again where it is
 * 'same', and wrongly where windows leave cells of the input out.
 */
const samePadding = (kernelName: string): Replacement => {
  return ({ inputs, backend, attrs }, original) => {
    const { x, filter } = inputs as { x: tf.TensorInfo; filter: tf.TensorInfo };
    const attributes = attrs as unknown as tf.Conv2DAttrs;
    const { strides, pad, dilations, dataFormat, dimRoundingMode } = attributes;
    if (dataFormat === 'NCHW') return undefined;
    const info = tf.backend_util.computeConv2DInfo(
      x.shape as Shape4D,
      filter.shape as Shape4D,
      strides,
      dilations,
      pad,
      dimRoundingMode,
    );
    assertWholeWindows(kernelName, info);
    if (pad !== 'same') return undefined;
    const { top, bottom, left, right } = info.padInfo;
    const explicit = [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ];
    return original({ inputs, backend, attrs: { ...attrs, pad: explicit } });
  };
};

/**
 * Asserts that the output has as many cells as windows fit into the padded input. The backend always writes
 * so many, also where TF.js makes room for others: it takes the height of a filter for its width where the
 * padding is one number, and may round up.
 *
 * @throws Error when it has others
 */
export function assertWholeWindows(kernelName: string, info: Info): void {
  const { top, bottom, left, right } = info.padInfo;
  const height = info.inHeight + top + bottom - info.effectiveFilterHeight;
  const width = info.inWidth + left + right - info.effectiveFilterWidth;
  const rows = Math.floor(height / info.strideHeight) + 1;
  const columns = Math.floor(width / info.strideWidth) + 1;
  if (info.outHeight === rows && info.outWidth === columns) return;
  throw new Error(
    `${kernelName}: ${rows} × ${columns} windows fit into the image, and TF.js's wasm backend cannot make ` +
      `${info.outHeight} × ${info.outWidth} of them; give the padding of each side, and no dimRoundingMode`,
  );
}

export function registerConvolutions(): void {
  const gradients = {
    Conv2DBackpropFilter: conv2DBackpropFilter,
    DepthwiseConv2dNativeBackpropInput: depthwiseConv2dNativeBackpropInput,
    DepthwiseConv2dNativeBackpropFilter: depthwiseConv2dNativeBackpropFilter,
  };
  for (const [kernelName, kernelFunc] of Object.entries(gradients)) {
    tf.registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
  replace('Conv2DBackpropInput', conv2DBackpropInput);
  const plain = ['Conv2D', 'DepthwiseConv2dNative'];
  for (const kernelName of [...plain, 'FusedConv2D', 'FusedDepthwiseConv2D']) {
    replace(kernelName, samePadding(kernelName));
  }
  for (const kernelName of ['Conv3DBackpropInputV2', 'Conv3DBackpropFilterV2']) {
    refuse(kernelName, 'computes wrong gradients of tf.conv3d');
  }
}
