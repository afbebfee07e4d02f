/** Pooling: the gradients that the wasm backend gets wrong, and what else of it finds no maximum. */
import * as tf from '@tensorflow/tfjs';
import { assertWholeWindows } from './convolution.js';
import { refuse, replace, type Replacement } from './replace.js';
import { Team } from './team.js';

function geometry(x: tf.TensorInfo, attributes: unknown): tf.backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attributes as tf.MaxPoolAttrs;
  return tf.backend_util.computePool2DInfo(
    x.shape as [number, number, number, number],
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
  );
}

/**
 * The gradient of max-pooling: dy goes to the largest cell of its window, of equal ones to the first. The
 * backend's own misses windows without a positive value.
 *
 * dy float32 [b, h', w', c], input float32 [b, h, w, c] → [b, h, w, c]
 */
const maxPoolGrad: Replacement = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
  return gradient(Team.of(backend), geometry(input, attrs), dy, input);
};

/**
 * The gradient of the mean over windows: each cell of the image in a window gets an equal part of dy. The
 * backend's own divides by the size of the window where a part of it is padding, as TF.js's cpu does too.
 *
 * dy float32 [b, h', w', c], input float32 [b, h, w, c] → [b, h, w, c]
 */
const avgPoolGrad: Replacement = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: tf.TensorInfo; input: tf.TensorInfo };
  return gradient(Team.of(backend), geometry(input, attrs), dy);
};

/** @param largestOf the input of the maximum; left out for the mean */
function gradient(
  team: Team,
  info: tf.backend_util.Conv2DInfo,
  dy: tf.TensorInfo,
  largestOf?: tf.TensorInfo,
): tf.TensorInfo {
  const out = team.output(info.inShape);
  team.run('poolGradient', info.batchSize * Math.ceil(info.inChannels / 16), [
    ...[info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth],
    ...[info.filterHeight, info.filterWidth, info.strideHeight, info.strideWidth],
    ...[info.padInfo.top, info.padInfo.left],
    ...[largestOf ? team.address(largestOf) : 0, team.address(dy), team.address(out)],
  ]);
  return out;
}

/** The gradient of the mean over volumes, which TF.js divides wrongly where a part of a window is padding. */
const avgPool3DGrad: Replacement = ({ inputs, attrs }) => {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.AvgPool3DGradAttrs;
  const shape = inputs.input!.shape as [number, number, number, number, number];
  const { padInfo } = tf.backend_util.computePool3DInfo(shape, filterSize, strides, 1, pad);
  const padded = Object.values(padInfo).some((cells) => typeof cells === 'number' && cells > 0);
  if (!padded && dimRoundingMode === undefined) return undefined;
  throw new Error(
    "AvgPool3DGrad: TF.js computes wrong gradients where windows reach out of the volume; pool with 'valid'",
  );
};

export function registerPooling(): void {
  replace('MaxPoolGrad', maxPoolGrad);
  replace('AvgPoolGrad', avgPoolGrad);
  replace('AvgPool3DGrad', avgPool3DGrad);
  for (const kernelName of ['MaxPool', 'AvgPool']) {
    replace(kernelName, ({ inputs, attrs }) => {
      assertWholeWindows(kernelName, geometry(inputs.x!, attrs));
      return undefined;
    });
  }
  const others = ['MaxPoolWithArgmax', 'MaxPool3D', 'MaxPool3DGrad', 'Dilation2D'];
  for (const kernelName of [...others, 'Dilation2DBackpropInput', 'Dilation2DBackpropFilter']) {
    refuse(kernelName, 'finds no maximum in windows without a positive value');
  }
}
