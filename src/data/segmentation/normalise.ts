/** From a sample's images to what networks read. */
import type { Raster } from './raster.js';

/** Mean and standard deviation of red, green and blue of ImageNet's pictures, in 0 … 1 */
const imageNet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] } as const;

/**
 * The three channels of a modality.
 *
 * @param channels which channel of the image each of the three is
 * @param whole what stands for 1: 255 of bytes
 * @param isColour whether they are normalised as red, green and blue of ImageNet
 */
export interface Normalisation {
  readonly channels: readonly [number, number, number];
  readonly whole: number;
  readonly isColour: boolean;
}

/** Writes [height, width, 3] at `start`: x / whole, of colours (x / whole − mean) / deviation. */
export function writeNormalised(
  { width, height, channels: stride, values }: Raster,
  { channels, whole, isColour }: Normalisation,
  target: Float32Array,
  start: number,
): void {
  channels.forEach((from, channel) => {
    const mean = isColour ? imageNet.mean[channel]! : 0;
    const deviation = isColour ? imageNet.deviation[channel]! : 1;
    const normalised = (value: number) => (value / whole - mean) / deviation;
    const end = start + width * height * 3;
    let at = from;
    if (values instanceof Uint8Array) {
      const ofByte = Float32Array.from({ length: 256 }, (_, byte) => normalised(byte));
      for (let to = start + channel; to < end; to += 3, at += stride) {
        target[to] = ofByte[values[at]!]!;
      }
    } else {
      for (let to = start + channel; to < end; to += 3, at += stride) {
        target[to] = normalised(values[at]!);
      }
    }
  });
}
