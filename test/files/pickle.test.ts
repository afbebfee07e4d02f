import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { NumpyArray, readPickle, type PickledValue } from '../../src/files/pickle.js';
import { projectRoot } from '../../src/files/paths.js';
import { stream } from '../../src/tensor/random.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { array, dtype, int64, pickled, program } from '../support/pickles.js';

const fixtures = path.join(projectRoot, 'test', 'fixtures', 'mosi');
const protocols = [0, 1, 2, 3, 4, 5];

interface Expected {
  readonly dtype: string;
  readonly shape: number[];
  readonly values: unknown[];
}
/** Integers are texts, since JSON has only floats. */
const expectedArrays = JSON.parse(
  readFileSync(path.join(fixtures, 'kinds.expected.json'), 'utf8'),
) as Record<string, Expected>;

const { text, bytes, string, int, global, tuple, call } = pickled;

describe('pickles', () => {
  let folder: string;
  before(() => (folder = makeFolder()));
  after(() => {
    removeFolder(folder);
  });
  const read = (content: Buffer, name = 'some.pkl') => {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    return readPickle(file);
  };
  const kinds = (protocol: number) =>
    readPickle(path.join(fixtures, `kinds.${protocol}.pkl`)) as Map<
      string,
      Map<string, PickledValue>
    >;

  for (const protocol of protocols) {
    it(`has numpy's arrays as numpy has them (protocol ${protocol})`, () => {
      const arrays = kinds(protocol).get('arrays')! as Map<string, NumpyArray>;
      assert.deepEqual([...arrays.keys()].sort(), Object.keys(expectedArrays).sort());
      for (const [name, expected] of Object.entries(expectedArrays)) {
        const made = arrays.get(name)!;
        assert.ok(made instanceof NumpyArray, name);
        assert.deepEqual([made.dtype, made.shape], [expected.dtype, expected.shape], name);
        assert.deepEqual(asJson(made), expected.values, name);
      }
    });

    it(`has Python's values as JavaScript's (protocol ${protocol})`, () => {
      const values = kinds(protocol).get('values')!;
      const has = (name: string, expected: unknown) => {
        assert.deepEqual(values.get(name), expected, name);
      };
      has('none', null);
      has('true', true);
      has('false', false);
      has('float', -0.1);
      has('text', "naïve ☕\n'\\");
      has('long text', 'xé'.repeat(150));
      has('integers', [
        ...[0, 255, 256, -1, 65536, 2 ** 31, -(2 ** 31), 2n ** 53n, -(2n ** 63n), 2n ** 2040n],
        10n ** 30n,
      ]);
      has('tuples', [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]]);
      has('bytes', Uint8Array.of(0, 255));
      has('no bytes', new Uint8Array());
      has('scalars', [0.5, -7n, true, 'é', Uint8Array.of(0x78), 2]);
      has('dict', new Map<unknown, unknown>([[1, 'one'], ['nested', new Map([['deep', []]])]])); // prettier-ignore
      has('infinite', [Infinity, -Infinity]);
      const [one, other] = values.get('shared') as [unknown, unknown];
      assert.equal(one, other);
    });
  }

  it('keeps __proto__ a key', () => {
    const values = kinds(4).get('values')!;
    assert.deepEqual(values.get('__proto__'), new Map([['polluted', true]]));
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.equal((values as unknown as Record<string, unknown>).polluted, undefined);
  });

  it('reads the strings of Python 2 as texts where they are ASCII, and else as bytes', () => {
    const values = read(program('(', "S'it\\'s\\x41\\n'\n", 'U\x02ok', string('\xe9'), 'l.'));
    assert.deepEqual(values, ["it'sA\n", 'ok', Uint8Array.of(0xe9)]);
    const type = dtype('f4', '<');
    const made = read(program(array([1], type, string('\x00\x00\x80\x3f')), '.')) as NumpyArray;
    assert.deepEqual(made.values, Float32Array.of(1));
    const ascii = read(program(array([2], dtype('u1', '|'), string('AB')), '.')) as NumpyArray;
    assert.deepEqual(ascii.values, Uint8Array.of(65, 66));
  });

  it('reads arrays of protocol 2 that are too long to be made texts first', () => {
    const data = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256));
    const encoded = call(
      global('_codecs', 'encode'),
      text(data.toString('latin1')),
      text('latin1'),
    );
    const made = read(program('\x80\x02', array([70_000], dtype('u1', '|'), encoded), '.'));
    assert.deepEqual((made as NumpyArray).values, Uint8Array.from(data));
    const wrong = call(global('_codecs', 'encode'), text('☕'.repeat(30_000)), text('latin1'));
    assert.throws(() => read(program(wrong, '.')), /stands for bytes has other characters/);
  });

  it('has memory of its own for arrays that are longer than its window', () => {
    const data = Buffer.alloc(800_000);
    for (let index = 0; index < 100_000; index++) data.writeDoubleLE(index / 3, index * 8);
    const { values } = read(
      program(
        '\x80\x04',
        array([100_000], dtype('f8', '<'), program('\x8e', int64(800_000n), data)),
        '.',
      ),
    ) as NumpyArray;
    assert.ok(values instanceof Float64Array);
    assert.ok(values.every((value, index) => value === index / 3));
    assert.equal(values.buffer.byteLength, 800_000);
  });

  it('names file, byte and instruction when a file is cut anywhere', () => {
    const whole = readFileSync(path.join(fixtures, 'kinds.4.pkl'));
    for (let length = 0; length < whole.length; length += 41) {
      assert.throws(() => read(whole.subarray(0, length), 'cut.pkl'), {
        message:
          /cut\.pkl cannot be read as a pickle: byte \d+(, [A-Z0-9_]+)?: .*(early|ends within|frame of)/,
      });
    }
  });

  it('ends in a value or in a clear error whatever bytes are changed', () => {
    const random = stream(7, 'changed bytes');
    const whole = readFileSync(path.join(fixtures, 'kinds.3.pkl'));
    const outcomes = { value: 0, error: 0 };
    for (let trial = 0; trial < 500; trial++) {
      const changed = Buffer.from(whole);
      changed[random.integer(whole.length)] = random.integer(256);
      try {
        read(changed);
        outcomes.value += 1;
      } catch (error) {
        outcomes.error += 1;
        assert.match((error as Error).message, /cannot be read as a pickle: /);
        assert.doesNotMatch((error as Error).message, /undefined|is not a function|not iterable/);
      }
    }
    assert.ok(outcomes.value > 30 && outcomes.error > 30, JSON.stringify(outcomes));
  });

  const refused: readonly (readonly [string, Buffer, RegExp])[] = [
    ['an empty file', program(), /byte 0: the file ends too early: 1 bytes are announced, 0 are left/],
    ['a picture', program('\x89PNG'), /byte 1, PERSID: it asks for an object outside of the file/],
    ['an unknown instruction', program('\x80\x04\xff'), /byte 2: no instruction is 255/],
    ['a protocol of the future', program('\x80\x06N.'), /PROTO: protocol 6; 0 to 5 are known/],
    ['bytes behind the end', program('N.N.'), /byte 1, STOP: 2 bytes follow its end/],
    ['values left over', program('NN.'), /STOP: 1 values and marks are left over/],
    ['a mark left over', program('N(.'), /STOP: the stack is empty/],
    ['an end without a value', program('.'), /STOP: the stack is empty/],
    ['a tuple of what is below the mark', program('N(\x85.'), /TUPLE1: the stack is empty/],
    ['items without a mark', program(']Ne.'), /APPENDS: there is no mark/],
    ['an item without a list', program('NNa.'), /APPEND: None instead of a list/],
    ['a key without a value', program('}(Nu.'), /SETITEMS: a key without a value/],
    ['a list as a key', program('}]Ns.'), /SETITEM: the key of a dict is a list or tuple of 0/],
    ['what was not remembered', program('h\x05.'), /BINGET: nothing was remembered as 5/],
    ['a list inside itself', program(']q\x00h\x00a.'), /something lies inside itself/],
    ['a dict inside itself', program('}q\x00K\x01h\x00s.'), /something lies inside itself/],
    ['no UTF-8', program('X\x01\x00\x00\x00\xff.'), /BINUNICODE: a text is no UTF-8/],
    ['no integer', program('I12x\n.'), /INT: "12x" is no integer/],
    ['no float', program('F1.2.3\n.'), /FLOAT: "1\.2\.3" is no number/],
    ['a string without quotes', program('Sabc\n.'), /STRING: a string without quotes/],
    ['a set', program('\x8f.'), /EMPTY_SET: it makes a set, which is refused/],
    ['a function as a value', program(global('numpy', 'ndarray'), '.'), /numpy\.ndarray itself is in/],
    ['a dtype as a value', program(']', dtype('f4', '<'), 'a.'), /a dtype float32 without an array/],
    ['too few bytes', program(array([2], dtype('f4', '<'), bytes('abcd')), '.'), /array float32 \[2\] needs 8 bytes, got 4/],
    ['too many bytes', program(array([0], dtype('f4', '<'), bytes('abcd')), '.'), /needs 0 bytes, got 4/],
    ['a negative shape', program(array([-1], dtype('f4', '<'), bytes('')), '.'), /instead of the shape/],
    ['complex numbers', program(dtype('c8', '<'), '.'), /numpy\.dtype: the dtype "c8" is not read/],
    ['times', program(dtype('M8', '<'), '.'), /the dtype "M8" is not read/],
    ['texts of no width', program(dtype('U0', '<'), '.'), /the dtype "U0" is not read/],
    ['no byte order', program(dtype('f4', '='), '.'), /float32 has the byte order "="/],
    ['a record', program(call(global('numpy', 'dtype'), text('f4'), '\x89', '\x88'), tuple(int(3), text('<'), 'N', tuple(text('x')), '}', int(4), int(1), int(0)), 'b.'), /state that no plain dtype has/],
    ['a character that is none', program(array([1], dtype('U1', '<', 4), bytes('\x00\x00\x11\x00')), '.'), /the character 1114112, which is none/],
    ['objects that are fewer', program(array([2], dtype('O8', '|'), program('(Nl')), '.'), /array object \[2\] needs 2 objects, got a list or tuple of 1/],
  ]; // prettier-ignore
  for (const [name, content, message] of refused) {
    it(`refuses ${name}`, () => {
      assert.throws(() => read(content), { message });
    });
  }

  it('names a file that is not there, and what is no file', () => {
    assert.throws(() => readPickle(path.join(folder, 'absent.pkl')), /absent\.pkl cannot be read/);
    assert.throws(() => readPickle(folder), /no regular file|EISDIR/);
  });
});

/** As the script writes them. */
function asJson({ dtype: name, values }: NumpyArray): unknown[] {
  return Array.from<unknown>(values as ArrayLike<unknown>).map((value) => {
    if (value instanceof Uint8Array) return [...value];
    if (name === 'bool') return value === 1;
    const integer = name.includes('int') || (name === 'object' && Number.isInteger(value));
    return integer ? String(value) : value;
  });
}
