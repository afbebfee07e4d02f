/** The last look at what a pickle became. */
import { Dtype } from './dtype.js';
import { NamedFunction, type StackValue } from './globals.js';
import { UnbuiltArray } from './numpy.js';
import { NumpyArray, type PickledValue } from './values.js';

/** Data sets need five; more than the stack allows would end whoever walks through it. */
const deepest = 100;

/**
 * Makes sure that a value is a tree of plain data: nothing lies inside itself, nothing deeper than `deepest`, and no
 * part is what only a pickle's program needs.
 *
 * @throws Error naming what is not so
 */
export function expectPlain(root: StackValue): PickledValue {
  /** How deep each thing is whose parts have been seen; none while they are looked at */
  const depths = new Map<object, number | undefined>();
  const depthOf = (value: unknown, above: number): number => {
    if (value instanceof NamedFunction) throw new Error(`${value.name} itself is in it`);
    if (value instanceof Dtype) throw new Error(`a dtype ${value.name} without an array is in it`);
    if (value instanceof UnbuiltArray) throw new Error('an array without elements is in it');
    const parts = partsOf(value);
    if (!parts) return 0;
    const thing = value as object;
    const known = depths.get(thing);
    if (known === undefined) {
      if (depths.has(thing)) throw new Error('something lies inside itself');
      expectDepth(above + 1);
      depths.set(thing, undefined);
      let depth = 1;
      for (const part of parts) depth = Math.max(depth, 1 + depthOf(part, above + 1));
      depths.set(thing, depth);
      return depth;
    }
    expectDepth(above + known);
    return known;
  };
  depthOf(root, 0);
  return root as PickledValue;
}

function expectDepth(depth: number): void {
  if (depth > deepest) throw new Error(`what is in it lies deeper than ${deepest}`);
}

function partsOf(value: unknown): Iterable<unknown> | undefined {
  if (Array.isArray(value)) return value as unknown[];
  if (value instanceof Map) return value.values();
  if (value instanceof NumpyArray && Array.isArray(value.values)) {
    return value.values as PickledValue[];
  }
  return undefined;
}
