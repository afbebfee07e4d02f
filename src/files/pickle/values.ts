/** What a pickle becomes. */
import { inspect } from 'node:util';

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

/** A key of a dict. */
export type PickledKey = string | number | bigint | boolean | null;

/**
 * A dict is a Map, so that a key such as `__proto__` is only a key; a list and a tuple are arrays; bytes are a
 * Uint8Array; an integer is a number where that holds it exactly and a bigint otherwise. What is there once in
 * Python is there once here.
 */
export type PickledValue =
  | PickledKey
  | Uint8Array
  | NumpyArray
  | readonly PickledValue[]
  | ReadonlyMap<PickledKey, PickledValue>;

export class NumpyArray {
  /**
   * @param dtype as numpy calls it: `float32`, `int64`, `bool`, …; `str` and `bytes` whatever their width, `object`
   * @param shape as in numpy
   * @param values in row-major order, also of what Fortran order had: float16 as float32, bool as 0 and 1, texts
   *   and objects as an array
   */
  constructor(
    readonly dtype: string,
    readonly shape: readonly number[],
    readonly values: TypedArray | readonly PickledValue[],
  ) {}
}

/** What an error calls a value. */
export function describe(value: unknown): string {
  if (value === null) return 'None';
  if (Array.isArray(value)) return `a list or tuple of ${value.length}`;
  if (value instanceof Map) return `a dict of ${value.size}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value instanceof NumpyArray) return `an array ${value.dtype} [${value.shape.join(', ')}]`;
  if (typeof value === 'string') {
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  }
  if (typeof value === 'object') return `a ${value.constructor.name}`;
  return inspect(value);
}
