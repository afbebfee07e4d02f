/**
 * numpy's `.npy` files of numbers: the bytes 93 NUMPY, a version, the length of the header, the header as a Python
 * dict of `descr`, `fortran_order` and `shape`, then the elements. Versions 1, 2 and 3 differ in how the header's
 * length and text are written. Objects would be a pickle, so they are refused, and nothing of a file is ever run.
 *
 * Format: numpy.lib.format.
 */
import { readFile } from 'node:fs/promises';
import { Dtype } from './pickle/dtype.js';
import { decodeElements, toRowMajor } from './pickle/elements.js';
import type { TypedArray } from './pickle/values.js';

export interface NpyArray {
  /** As numpy calls it: `float32`, `uint16`, `bool`, … */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** In row-major order, also of what Fortran order had; float16 as float32, bool as 0 and 1 */
  readonly values: TypedArray;
}

const magic = Buffer.from('\x93NUMPY', 'latin1');

/** Bytes of the header's length, by version */
const lengthBytes: Readonly<Record<number, 2 | 4>> = { 1: 2, 2: 4, 3: 4 };

/** @throws Error as `decodeNpy`, and when the file cannot be read */
export async function readNpy(file: string): Promise<NpyArray> {
  return decodeNpy(await readFile(file), file);
}

/**
 * @param source what errors call the file
 * @throws Error naming the source and what is wrong: no such file, a version, a header, a dtype that is no number,
 *   fewer or more bytes than the elements have
 */
export function decodeNpy(bytes: Buffer<ArrayBuffer>, source: string): NpyArray {
  try {
    return decode(bytes);
  } catch (error) {
    throw new Error(`${source} cannot be read as .npy: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function decode(bytes: Buffer<ArrayBuffer>): NpyArray {
  if (!bytes.subarray(0, magic.length).equals(magic)) {
    throw new Error(
      `expected it to begin with the bytes 93 NUMPY, got ${JSON.stringify(bytes.toString('latin1', 0, magic.length))}`,
    );
  }
  const version = bytes[magic.length];
  const width = version === undefined ? undefined : lengthBytes[version];
  if (width === undefined) throw new Error(`expected version 1, 2 or 3, got ${version}`);
  const textStart = magic.length + 2 + width;
  if (bytes.length < textStart) throw truncated('its header', textStart, bytes.length);
  const start = textStart + bytes.readUIntLE(textStart - width, width);
  if (bytes.length < start) throw truncated('its header', start, bytes.length);
  const { dtype, columnMajor, shape } = parseHeader(
    bytes.toString(version === 3 ? 'utf8' : 'latin1', textStart, start),
  );
  const count = shape.reduce((product, axis) => product * axis, 1);
  const end = start + count * dtype.itemSize;
  const array = `${dtype.name} [${shape.join(', ')}]`;
  if (bytes.length < end) throw truncated(array, end, bytes.length);
  if (bytes.length > end) {
    throw new Error(`${array} ends at byte ${end}, and the file has ${bytes.length}`);
  }
  // Kinds other than numbers were refused with the header.
  const elements = new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
  const values = decodeElements(dtype, elements) as TypedArray;
  return { dtype: dtype.name, shape, values: columnMajor ? toRowMajor(values, shape) : values };
}

interface Header {
  readonly dtype: Dtype;
  readonly columnMajor: boolean;
  readonly shape: readonly number[];
}

function parseHeader(text: string): Header {
  const wrong = (key: string, expected: string) =>
    new Error(`expected ${key} ${expected} in its header, got ${text.trim()}`);
  if (/["']descr["']\s*:\s*\[/.test(text)) throw new Error('it holds records, expected numbers');
  const [, order, code = ''] = /["']descr["']\s*:\s*["']([<>|=]?)(\w+)["']/.exec(text) ?? [];
  if (order === undefined) throw wrong('descr', 'as a dtype');
  if (code.startsWith('O')) {
    throw new Error('it holds objects, which would be a pickle; expected numbers');
  }
  const dtype = new Dtype(code);
  if (dtype.kind === 'U' || dtype.kind === 'S') {
    throw new Error(`it holds ${dtype.name}, expected numbers`);
  }
  dtype.bigEndian = order === '>';
  const [, fortran] = /["']fortran_order["']\s*:\s*(True|False)/.exec(text) ?? [];
  if (fortran === undefined) throw wrong('fortran_order', 'True or False');
  // Python 2 writes its long integers with an L.
  const [, axes] = /["']shape["']\s*:\s*\(((?:\s*\d+L?\s*,)*(?:\s*\d+L?)?\s*)\)/.exec(text) ?? [];
  if (axes === undefined) throw wrong('shape', 'as a tuple of whole numbers');
  const shape = (axes.match(/\d+/g) ?? []).map(Number);
  return { dtype, columnMajor: fortran === 'True', shape };
}

function truncated(what: string, expected: number, got: number): Error {
  return new Error(`${what} ends at byte ${expected}, and the file has ${got}: it is truncated`);
}
