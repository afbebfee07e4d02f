/** One split of a file: its keys, each with as many samples as the others. */
import {
  describe,
  NumpyArray,
  type PickledKey,
  type PickledValue,
  type TypedArray,
} from '../../files/pickle.js';

export type Numbers = TypedArray | readonly (number | bigint)[];

/** An array [N, T, F] of numbers */
export interface Features {
  readonly length: number;
  readonly features: number;
  readonly values: Numbers;
}

export class SplitFields {
  private readonly fields: Map<PickledKey, PickledValue>;
  /** All keys that the file has, also of what was taken */
  private readonly keys: readonly PickledKey[];
  readonly samples: number;

  /**
   * @param where the file and the split, for errors
   * @param labels the key that says how many samples there are
   */
  constructor(
    readonly where: string,
    fields: PickledValue | undefined,
    private readonly labels: string,
  ) {
    if (!(fields instanceof Map)) {
      throw new Error(
        `${where} must be a dict, got ${fields === undefined ? 'nothing' : describe(fields)}`,
      );
    }
    this.fields = new Map(fields as ReadonlyMap<PickledKey, PickledValue>);
    this.keys = [...this.fields.keys()];
    this.samples = countOf(this.get(labels));
    if (this.samples === 0) throw this.error(labels, 'has no samples');
  }

  has(key: string): boolean {
    return this.fields.has(key);
  }

  /** Takes the features of a modality; the split has them no more, so that their memory can be freed. */
  takeFeatures(key: string): Features {
    const features = this.features(key);
    this.fields.delete(key);
    return features;
  }

  /** @throws Error when it is no array [samples, T, F] of numbers */
  features(key: string): Features {
    const array = this.get(key);
    const expected = `[${this.samples}, T, F], as "${this.labels}" has ${this.samples} samples`;
    if (!(array instanceof NumpyArray)) {
      throw this.error(key, `must be an array ${expected}, got ${describe(array)}`);
    }
    const [samples, length, features] = array.shape;
    const empty = array.shape.includes(0);
    if (array.shape.length !== 3 || samples !== this.samples || empty) {
      throw this.error(key, `must be ${expected}, got ${describe(array)}`);
    }
    return { length: length!, features: features!, values: this.numbersIn(key, array.values) };
  }

  /** One number for each sample, from an array with any axes of length 1 behind the first, or a list. */
  numbers(key: string): Float64Array {
    const value = this.get(key);
    const items = itemsOf(value);
    if (items.length !== this.samples || countOf(value) !== this.samples) {
      throw this.error(
        key,
        `must have a number for each of ${this.samples} samples, got ${describe(value)}`,
      );
    }
    return copyNumbers(this.numbersIn(key, items), new Float64Array(this.samples));
  }

  /** The rows of an array [N, …], or a text for each sample as a row of one. */
  texts(key: string): string[][] {
    const value = this.get(key);
    const items = Array.from<unknown>(itemsOf(value) as ArrayLike<unknown>);
    const columns = value instanceof NumpyArray ? items.length / this.samples : 1;
    if (countOf(value) !== this.samples || columns < 1) {
      throw this.error(
        key,
        `must have a text for each of ${this.samples} samples, got ${describe(value)}`,
      );
    }
    return Array.from({ length: this.samples }, (_, sample) =>
      items.slice(sample * columns, (sample + 1) * columns).map((item) => this.textOf(key, item)),
    );
  }

  /** @throws Error when an array has not the shape */
  array(key: string, shape: readonly number[]): Numbers {
    const array = this.get(key);
    const same = array instanceof NumpyArray && array.shape.join() === shape.join();
    if (same) return this.numbersIn(key, array.values);
    throw this.error(key, `must be an array [${shape.join(', ')}], got ${describe(array)}`);
  }

  error(key: string, problem: string): Error {
    return new Error(`${this.where}: "${key}" ${problem}`);
  }

  private get(key: string): PickledValue {
    const value = this.fields.get(key);
    if (value !== undefined) return value;
    const keys = this.keys.map((name) => `"${name}"`).join(', ');
    throw new Error(`${this.where} lacks the key "${key}"; it has ${keys || 'none'}`);
  }

  private numbersIn(key: string, values: Items): Numbers {
    if (!Array.isArray(values)) return values as TypedArray;
    const wrong = (values as unknown[]).find(
      (value) => typeof value !== 'number' && typeof value !== 'bigint',
    );
    if (wrong === undefined) return values as number[];
    throw this.error(key, `must hold numbers, and holds ${describe(wrong)}`);
  }

  /** MulT's file has its texts as bytes. */
  private textOf(key: string, item: unknown): string {
    if (typeof item === 'string') return item;
    if (item instanceof Uint8Array) return Buffer.from(item).toString('utf8');
    throw this.error(key, `must hold texts, and holds ${describe(item)}`);
  }
}

/** Copies numbers into an array of another type. */
export function copyNumbers<T extends Float32Array | Float64Array>(values: Numbers, target: T): T {
  const large = values instanceof BigInt64Array || values instanceof BigUint64Array;
  if (large || Array.isArray(values)) {
    for (let index = 0; index < values.length; index++) target[index] = Number(values[index]);
  } else {
    target.set(values as Exclude<TypedArray, BigInt64Array | BigUint64Array>);
  }
  return target;
}

type Items = TypedArray | readonly PickledValue[];

function itemsOf(value: PickledValue): Items {
  if (value instanceof NumpyArray) return value.values;
  return Array.isArray(value) ? (value as readonly PickledValue[]) : [];
}

/** How many samples an array or a list is about */
function countOf(value: PickledValue): number {
  return value instanceof NumpyArray ? (value.shape[0] ?? 0) : itemsOf(value).length;
}
