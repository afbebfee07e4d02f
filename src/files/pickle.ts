/**
 * Python's pickles, as far as they hold data: texts, bytes, numbers, lists, tuples, dicts and numpy's arrays, in
 * protocols 0 to 5. A pickle is a program that may name any function of Python and call it, so reading one in Python
 * runs whatever its author wanted. This reader has a list of the few names that numpy's arrays need and refuses
 * every other one before anything is done with it.
 *
 * Format: Python's pickletools; what arrays, dtypes and scalars store: numpy's `__reduce__` and `__reduce_ex__`.
 */
import { closeSync, openSync } from 'node:fs';
import { Allowance } from './pickle/allowance.js';
import { Machine } from './pickle/machine.js';
import { instructionOf } from './pickle/opcodes.js';
import { expectPlain } from './pickle/plain.js';
import { ByteSource } from './pickle/source.js';
import type { PickledValue } from './pickle/values.js';

export { describe, NumpyArray } from './pickle/values.js';
export type { PickledKey, PickledValue, TypedArray } from './pickle/values.js';

/**
 * Reads a file that may be larger than what a Buffer holds: the bytes of an array are read into the memory that the
 * array keeps, and the rest through a small window.
 *
 * @throws Error naming the file, the byte, the instruction there and what is wrong: a name that is refused, a
 *   truncated file, more bytes announced than the file has, something that lies inside itself
 */
export function readPickle(file: string): PickledValue {
  const progress: Progress = {};
  try {
    const descriptor = openSync(file, 'r');
    try {
      return run(new ByteSource(descriptor), progress);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    const { at, name } = progress;
    const where = at === undefined ? '' : `byte ${at}${name === undefined ? '' : `, ${name}`}: `;
    throw new Error(`${file} cannot be read as a pickle: ${where}${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Which instruction is run, for errors */
interface Progress {
  at?: number;
  name?: string;
}

function run(source: ByteSource, progress: Progress): PickledValue {
  const machine = new Machine(source, new Allowance(source.size));
  while (!machine.result) {
    progress.at = source.position;
    progress.name = undefined;
    const code = source.byte();
    const instruction = instructionOf.get(code);
    if (!instruction) throw new Error(`no instruction is ${code}`);
    progress.name = instruction.name;
    instruction.run(machine);
  }
  progress.at = undefined;
  return expectPlain(machine.result.value);
}
