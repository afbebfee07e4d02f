/** Files of a data set as images in memory. */
import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { readNpy } from '../../files/npy.js';
import { decodePngNumbers } from '../../files/png.js';
import { ignoredLabel } from '../dataset.js';
import { decodePicture } from '../images/decode.js';
import type { Raster } from './raster.js';

/**
 * A picture of bytes in red, green and blue; grey is all three of them, and alpha is left out.
 *
 * @throws Error naming the file when it cannot be read or decoded
 */
export async function readColours(file: string): Promise<Raster<Uint8Array>> {
  const { width, height, pixels } = await decodePicture(await readFile(file), file);
  return { width, height, channels: 3, values: pixels };
}

/**
 * A PNG of 8 or 16 bits as numbers from 0 to 1: bytes divided by 255, numbers of two bytes by 65535.
 *
 * @param channels 3 for red, green and blue, 1 for grey
 * @throws Error naming the file when it cannot be read or decoded, or has colours where grey is expected
 */
export async function readShares(file: string, channels: 1 | 3): Promise<Raster<Float32Array>> {
  const bytes = await readFile(file);
  let raw: Awaited<ReturnType<typeof rawNumbers>>;
  try {
    raw = await rawNumbers(bytes);
  } catch (error) {
    const [reason] = (error as Error).message.split('\n', 1);
    throw new Error(
      `${file}: expected a whole picture, got ${bytes.length} bytes that cannot be decoded: ${reason}`,
      { cause: error },
    );
  }
  const { width, height, numbers, whole } = raw;
  if (raw.channels !== channels) {
    throw new Error(`${file}: expected ${channels} channels, got ${raw.channels}`);
  }
  const values = new Float32Array(numbers.length);
  // Float32Array.from takes ten times as long.
  for (let index = 0; index < values.length; index++) values[index] = numbers[index]! / whole;
  return { width, height, channels, values };
}

async function rawNumbers(bytes: Buffer) {
  const image = sharp(bytes, { ignoreIcc: true, failOn: 'truncated' });
  const { depth, channels } = await image.metadata();
  const wide = depth === 'ushort';
  const space = `${channels < 3 ? (wide ? 'grey' : 'b-w') : wide ? 'rgb' : 'srgb'}${wide ? '16' : ''}`;
  const { data, info } = await image
    .removeAlpha()
    .toColourspace(space)
    .raw({ depth: wide ? 'ushort' : 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const numbers = wide ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  return { width, height, channels: info.channels, numbers, whole: wide ? 65535 : 255 };
}

/**
 * An array [height, width] of numbers as one channel of float32.
 *
 * @throws Error naming the file when it cannot be read, has other axes, or a number that is not finite
 */
export async function readMeasured(file: string): Promise<Raster<Float32Array>> {
  const { dtype, shape, values } = await readNpy(file);
  const [height, width] = shape;
  if (shape.length !== 2 || !height || !width) {
    throw new Error(
      `${file}: expected an array [height, width], got ${dtype} [${shape.join(', ')}]`,
    );
  }
  const numbers =
    values instanceof Float32Array ? values : Float32Array.from<number | bigint>(values, Number);
  const wrong = numbers.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new Error(
      `${file}: row ${Math.floor(wrong / width)}, column ${wrong % width} is ${numbers[wrong]}, expected a finite number`,
    );
  }
  return { width, height, channels: 1, values: numbers };
}

/** How the numbers of a label file stand for classes. */
export interface LabelEncoding {
  /** How many classes there are */
  readonly classes: number;
  /** The number of the first class; 1 where 0 is a pixel without a class */
  readonly first: 0 | 1;
}

/**
 * The class of every pixel. 255, and 0 where classes begin at 1, become `ignoredLabel`.
 *
 * @throws Error naming the file when it cannot be read or decoded, and the pixel that is of no class
 */
export async function readLabels(
  file: string,
  { classes, first }: LabelEncoding,
): Promise<Raster<Uint8Array>> {
  const { width, height, values } = await decodePngNumbers(await readFile(file), file);
  const labels = values.map((value) =>
    value === ignoredLabel || value < first ? ignoredLabel : value - first,
  );
  const wrong = labels.findIndex((label) => label >= classes && label !== ignoredLabel);
  if (wrong >= 0) {
    throw new Error(
      `${file}: row ${Math.floor(wrong / width)}, column ${wrong % width} has the label ${values[wrong]}, ` +
        `expected 0 … ${classes - 1 + first} or ${ignoredLabel}`,
    );
  }
  return { width, height, channels: 1, values: labels };
}
