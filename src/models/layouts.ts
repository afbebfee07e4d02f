/** Parameters as files of other libraries have them: their names, the order of their axes, and what is kept in one. */
import type { StoredTensor } from '../files/safetensors.js';
import { inverse, permute } from '../tensor/permute.js';

/** Where a parameter of ours lies elsewhere: under which name, in which shape, with its axes in which order */
export interface Layout {
  readonly name: string;
  readonly theirs: string;
  readonly shape: readonly number[];
  /** The axes of `shape` in our order, before axes of one are dropped: a shape of as many values as `own` */
  readonly axes: readonly number[];
  readonly own: readonly number[];
}

/** A tensor, and what its file calls it */
export interface Found extends StoredTensor {
  readonly source: string;
}

/** Of a linear map, whose weights [in, out] are [out, in] elsewhere, or of what is the same everywhere. */
export function usualLayout(name: string, theirs: string, own: readonly number[]): Layout {
  if (name.endsWith('.weight') && own.length === 2) {
    return { name, theirs, own, shape: [own[1]!, own[0]!], axes: [1, 0] };
  }
  return { name, theirs, own, shape: own, axes: own.map((_, axis) => axis) };
}

export const sameShape = (layout: Layout, { shape }: Pick<Found, 'shape'>): boolean =>
  layout.shape.join() === shape.join();

/**
 * What a file has for the parameter of a layout.
 *
 * @param where the function on whose behalf this checks; it opens the message
 */
export function fromTheirs(where: string, layout: Layout, tensors: ReadonlyMap<string, Found>) {
  const { source, shape, values } = tensors.get(layout.theirs)!;
  if (!sameShape(layout, { shape })) {
    throw new Error(
      `${where}: "${source}" must be [${layout.shape.join(', ')}], got [${shape.join(', ')}]`,
    );
  }
  return { shape: layout.own, values: permute(values, shape, layout.axes) };
}

/** The values of a parameter as a file has them. */
export function toTheirs({ shape, axes }: Layout, values: Float32Array): StoredTensor {
  const permuted = axes.map((axis) => shape[axis]!);
  return { shape, values: permute(values, permuted, inverse(axes)) };
}

/** Query, key and value [d, ..] out of one tensor [3·d, ..]. */
export function unpacked(
  where: string,
  { source, shape, values }: Found,
  width: number,
): Record<'query' | 'key' | 'value', Found> {
  if (shape[0] !== 3 * width) {
    throw new Error(`${where}: "${source}" must have ${3 * width} rows, got [${shape.join(', ')}]`);
  }
  const size = values.length / 3;
  const part = (index: number) => ({
    source,
    shape: [width, ...shape.slice(1)],
    values: values.subarray(index * size, (index + 1) * size),
  });
  return { query: part(0), key: part(1), value: part(2) };
}
