/**
 * What a pickle may name. Python would import whatever a file names and call it with whatever the file says, so a
 * file can run any code. Here a name is only looked up in this list; nothing that is not in it exists.
 */
import type { Allowance } from './allowance.js';
import { Dtype } from './dtype.js';
import { makeArray, makeScalar, UnbuiltArray } from './numpy.js';
import { latin1FromText } from './text.js';
import { describe, type PickledValue } from './values.js';

/** What lies on the stack of a pickle while it is read. */
export type StackValue = PickledValue | NamedFunction | Dtype | UnbuiltArray;

export class NamedFunction {
  constructor(
    readonly name: string,
    /** @throws Error when the arguments are not those that numpy gives it */
    readonly call: (parameters: readonly unknown[], allowance: Allowance) => StackValue,
  ) {}
}

const ndarray = new NamedFunction('numpy.ndarray', () => {
  throw new Error('it makes an array of its parameters, and is only read as a name');
});

const dtype = new NamedFunction('numpy.dtype', (parameters) => {
  // What follows, whether to align and to copy, is about memory.
  const [code] = expectCount(parameters, 3);
  if (typeof code !== 'string') throw new Error(`${describe(code)} instead of the code of a dtype`);
  return new Dtype(code);
});

const reconstruct = new NamedFunction('numpy.core.multiarray._reconstruct', (parameters) => {
  // Shape and dtype are those of nothing yet.
  const [subtype] = expectCount(parameters, 3);
  if (subtype === ndarray) return new UnbuiltArray();
  throw new Error(`an array of the type ${describe(subtype)}, expected numpy.ndarray`);
});

const scalar = new NamedFunction('numpy.core.multiarray.scalar', (parameters, allowance) => {
  const [type, data] = expectCount(parameters, 2);
  return makeScalar(type, data, allowance);
});

const fromBuffer = new NamedFunction('numpy.core.numeric._frombuffer', (parameters, allowance) => {
  const [data, type, shape, order] = expectCount(parameters, 4);
  if (order !== 'C' && order !== 'F') throw new Error(`an array of the order ${describe(order)}`);
  return makeArray(type, shape, order === 'F', data, allowance);
});

/** How protocols before 3, which know no bytes, have them: a text whose characters are the bytes. */
export const encode = new NamedFunction('_codecs.encode', (parameters, allowance) => {
  const [text, encoding] = expectCount(parameters, 2);
  if (encoding !== 'latin1') throw new Error(`a text in ${describe(encoding)}, expected latin1`);
  // It is already bytes where it was too long for a text.
  if (text instanceof Uint8Array) return text;
  if (typeof text !== 'string') throw new Error(`${describe(text)} instead of a text`);
  allowance.spend(text.length);
  return latin1FromText(text);
});

const emptyBytes = new NamedFunction('bytes', (parameters) => {
  expectCount(parameters, 0);
  return new Uint8Array();
});

/** By module and name, as a file has them. numpy 2 calls numpy.core numpy._core. */
const allowed: ReadonlyMap<string, NamedFunction> = new Map([
  ['numpy ndarray', ndarray],
  ['numpy dtype', dtype],
  ...['numpy.core', 'numpy._core'].flatMap(
    (core) =>
      [
        [`${core}.multiarray _reconstruct`, reconstruct],
        [`${core}.multiarray scalar`, scalar],
        [`${core}.numeric _frombuffer`, fromBuffer],
      ] as const,
  ),
  ['_codecs encode', encode],
  // Protocol 2 writes bytes of length 0 as a call, in the name that Python 2 had for builtins.
  ['__builtin__ bytes', emptyBytes],
  ['builtins bytes', emptyBytes],
]);

/** @throws Error naming what is refused */
export function findGlobal(module: string, name: string): NamedFunction {
  const found = allowed.get(`${module} ${name}`);
  if (found) return found;
  const wanted = JSON.stringify(`${module}.${name}`);
  throw new Error(`it asks for ${wanted}, which is refused: nothing but numpy's arrays is made`);
}

function expectCount(parameters: readonly unknown[], count: number): readonly unknown[] {
  if (parameters.length === count) return parameters;
  throw new Error(`${parameters.length} parameters, expected ${count}`);
}
