/** The bytes of an array as its elements. */
import type { Dtype } from './dtype.js';
import type { TypedArray } from './values.js';

/** Bytes in memory that nothing else lies in, as typed arrays need it. */
type Bytes = Uint8Array<ArrayBuffer>;

/** Numbers, texts, or bytes of each element */
export type Elements = TypedArray | string[] | Uint8Array[];

const constructors = {
  b1: Uint8Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  i8: BigInt64Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
  u8: BigUint64Array,
  f2: Uint16Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

/**
 * @param bytes as many as the elements have; numbers are laid over them without a copy where that is possible
 * @returns a typed array; of `U` an array of texts and of `S` one of bytes, both without the zeros that fill them up
 * @throws Error when a text has a code that is no character
 */
export function decodeElements(dtype: Dtype, bytes: Bytes): Elements {
  if (dtype.kind === 'U') return decodeTexts(dtype, bytes);
  if (dtype.kind === 'S') {
    return pieces(bytes, dtype.itemSize).map((piece) => piece.slice(0, lengthWithoutZeros(piece)));
  }
  const { itemSize } = dtype;
  const own = dtype.bigEndian ? swapBytes(bytes.slice(), itemSize) : aligned(bytes, itemSize);
  const constructor = constructors[`${dtype.kind}${itemSize}` as keyof typeof constructors];
  const values = new constructor(own.buffer, own.byteOffset, own.length / itemSize);
  return dtype.name === 'float16' ? Float32Array.from(values as Uint16Array, fromHalf) : values;
}

function aligned(bytes: Bytes, itemSize: number): Bytes {
  return bytes.byteOffset % itemSize === 0 ? bytes : bytes.slice();
}

/** Turns the bytes of every element round, in place. */
function swapBytes(bytes: Bytes, itemSize: number): Bytes {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (itemSize === 2) buffer.swap16();
  if (itemSize === 4) buffer.swap32();
  if (itemSize === 8) buffer.swap64();
  return bytes;
}

/** IEEE 754 binary16: a sign, five bits of exponent, ten of fraction. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function decodeTexts(dtype: Dtype, bytes: Bytes): string[] {
  const own = dtype.bigEndian ? swapBytes(bytes.slice(), 4) : aligned(bytes, 4);
  const codes = new Uint32Array(own.buffer, own.byteOffset, own.length / 4);
  const wrong = codes.find((code) => code > 0x10ffff);
  if (wrong !== undefined) throw new Error(`a text has the character ${wrong}, which is none`);
  return pieces(codes, dtype.itemSize / 4).map((piece) =>
    Array.from(piece.subarray(0, lengthWithoutZeros(piece)), (code) =>
      String.fromCodePoint(code),
    ).join(''),
  );
}

function pieces<T extends Uint8Array | Uint32Array>(values: T, size: number): T[] {
  return Array.from(
    { length: values.length / size },
    (_, index) => values.subarray(index * size, (index + 1) * size) as T,
  );
}

function lengthWithoutZeros(values: Uint8Array | Uint32Array): number {
  let length = values.length;
  while (length > 0 && values[length - 1] === 0) length -= 1;
  return length;
}

/** Elements in row-major order of those in column-major order, in which the first axis runs fastest. */
export function toRowMajor<T extends Elements>(columnMajor: T, shape: readonly number[]): T {
  const rowMajor = columnMajor.slice() as T;
  let stride = 1;
  const strides = shape.map((size) => (stride *= size) / size);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < columnMajor.length; to++) {
    rowMajor[to] = columnMajor[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      from += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= index[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return rowMajor;
}
