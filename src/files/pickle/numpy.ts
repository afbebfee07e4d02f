/** numpy's arrays and scalars, as numpy pickles them. */
import type { Allowance } from './allowance.js';
import { Dtype } from './dtype.js';
import { decodeElements, toRowMajor } from './elements.js';
import { describe, NumpyArray, type PickledValue } from './values.js';

/** numpy allows no more axes. */
const mostAxes = 64;

/** An array that a pickle has announced and not yet described. */
export class UnbuiltArray {
  built?: NumpyArray;

  /**
   * @param state version 1, shape, dtype, whether Fortran order, and bytes, or a list of objects
   * @throws Error when it is something else, or was given before
   */
  build(state: unknown, allowance: Allowance): NumpyArray {
    if (this.built) throw new Error('the state of an array is given twice');
    const parts: readonly unknown[] = Array.isArray(state) ? state : [];
    const [version, shape, dtype, fortran, data] = parts;
    if (parts.length !== 5 || version !== 1 || typeof fortran !== 'boolean') {
      throw new Error('the state of an array is not [1, shape, dtype, fortran, data]');
    }
    return (this.built = makeArray(dtype, shape, fortran, data, allowance));
  }
}

/**
 * @param fortran whether the bytes are in column-major order; objects never are
 * @param data the bytes of all elements, or a list of them where they are objects
 * @throws Error when these are not as many as dtype and shape say
 */
export function makeArray(
  dtype: unknown,
  shape: unknown,
  fortran: boolean,
  data: unknown,
  allowance: Allowance,
): NumpyArray {
  if (!(dtype instanceof Dtype)) throw new Error(`${describe(dtype)} instead of a dtype`);
  const sizes = checkShape(shape);
  const count = sizes.includes(0) ? 0 : sizes.reduce((product, size) => product * size, 1);
  const what = `an array ${dtype.name} [${sizes.join(', ')}]`;
  if (dtype.kind === 'O') {
    if (!Array.isArray(data) || data.length !== count) {
      throw new Error(`${what} needs ${count} objects, got ${describe(data)}`);
    }
    allowance.spend(count);
    // A copy, because the list can still be changed.
    return new NumpyArray(dtype.name, sizes, [...(data as PickledValue[])]);
  }
  const bytes = bytesOf(data);
  const expected = count * dtype.itemSize;
  if (bytes.length !== expected) {
    throw new Error(`${what} needs ${expected} bytes, got ${bytes.length}`);
  }
  allowance.spend(expected);
  const elements = decodeElements(dtype, bytes);
  const values = fortran ? toRowMajor(elements, sizes) : elements;
  return new NumpyArray(dtype.name, sizes, values);
}

/**
 * @returns a number, bigint, boolean, text or bytes
 * @throws Error when there is not one element
 */
export function makeScalar(dtype: unknown, data: unknown, allowance: Allowance): PickledValue {
  if (dtype instanceof Dtype && dtype.kind === 'O') throw new Error('a scalar object is not read');
  const { dtype: name, values } = makeArray(dtype, [1], false, data, allowance);
  const value = values[0] as PickledValue;
  return name === 'bool' ? value !== 0 : value;
}

function checkShape(shape: unknown): readonly number[] {
  const sizes = Array.isArray(shape) ? (shape as readonly unknown[]) : [NaN];
  const whole = sizes.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
  if (!whole || sizes.length > mostAxes) {
    throw new Error(`${describe(shape)} instead of the shape of an array`);
  }
  return [...(sizes as readonly number[])];
}

/** Python 2 had its bytes in strings. */
function bytesOf(data: unknown): Uint8Array<ArrayBuffer> {
  if (data instanceof Uint8Array) return data as Uint8Array<ArrayBuffer>;
  if (typeof data === 'string') return Uint8Array.from(Buffer.from(data, 'latin1'));
  throw new Error(`${describe(data)} instead of the bytes of an array`);
}
