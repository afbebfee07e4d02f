/** Pickles written by hand, instruction by instruction, as Python's pickletools names them. */

type Part = Buffer | string;

/** Instructions one after the other; letters stand for themselves. */
export const program = (...parts: Part[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  );

const counted = (letter: string, bytes: Buffer) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return program(letter, length, bytes);
};

/** An integer of 64 bits, little-endian */
export const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
};

export const pickled = {
  text: (value: string) => counted('X', Buffer.from(value)),
  bytes: (value: Part) => counted('B', program(value)),
  /** A string of Python 2 */
  string: (value: Part) => counted('T', program(value)),
  int: (value: number) => program(`I${value}\n`),
  global: (module: string, name: string) => program(`c${module}\n${name}\n`),
  stackGlobal: (module: string, name: string) =>
    program(pickled.text(module), pickled.text(name), '\x93'),
  tuple: (...items: Part[]) => program('(', ...items, 't'),
  call: (called: Part, ...items: Part[]) => program(called, pickled.tuple(...items), 'R'),
};

const { text, int, global, tuple, call } = pickled;

/** A dtype with its state */
export const dtype = (code: string, order: string, size = -1): Buffer =>
  program(
    call(global('numpy', 'dtype'), text(code), '\x89', '\x88'),
    tuple(int(3), text(order), 'N', 'N', 'N', int(size), int(-1), int(0)),
    'b',
  );

/** An array with its state */
export const array = (shape: readonly number[], type: Part, data: Part, fortran = '\x89'): Buffer =>
  program(emptyArray(), tuple(int(1), tuple(...shape.map(int)), type, fortran, data), 'b');

export const emptyArray = (subtype: Part = global('numpy', 'ndarray')): Buffer =>
  call(global('numpy.core.multiarray', '_reconstruct'), subtype, tuple(int(0)), pickled.bytes('b'));
