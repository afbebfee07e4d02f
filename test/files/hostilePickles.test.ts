import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readPickle, type PickledValue } from '../../src/files/pickle.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { array, dtype, emptyArray, int64, pickled, program } from '../support/pickles.js';
import { pythonOrSkip } from '../support/python.js';

const { text, bytes, int, global, stackGlobal, tuple, call } = pickled;

/** Makes a file in the folder that a pickle is loaded in. */
const command = text('echo > harmed');
const inPython = text("open('harmed', 'w')");

/** Each runs in Python, one way or another, what nobody asked for. */
const running: readonly (readonly [string, Buffer, RegExp])[] = [
  ['os.system', call(global('os', 'system'), command), /"os\.system", which is refused/],
  ['posix.system', call(global('posix', 'system'), command), /"posix\.system"/],
  ['builtins.eval', call(global('builtins', 'eval'), inPython), /"builtins\.eval"/],
  ['a name from the stack', call(stackGlobal('os', 'system'), command), /GLOBAL: .*"os\.system"/],
  ['an instance', program('(', command, 'ios\nsystem\n'), /INST: it asks for "os\.system"/],
  ['an object', program('(', global('os', 'system'), command, 'o'), /"os\.system"/],
  [
    'a dotted name below numpy',
    program('\x80\x04', call(stackGlobal('numpy', 'f2py.os.system'), command)),
    /"numpy\.f2py\.os\.system"/,
  ],
];

const reconstruct = global('numpy.core.multiarray', '_reconstruct');
const f4 = dtype('f4', '<');
const objects = dtype('O8', '|');
const encode = global('_codecs', 'encode');
const two40 = 2 ** 40;

const refused: readonly (readonly [string, Buffer, RegExp])[] = [
  ['numpy.load', call(global('numpy', 'load'), text('x')), /"numpy\.load", which is refused/],
  ['what numpy imports', global('numpy', 'core.multiarray._reconstruct'), /"numpy\.core\.multi/],
  ['a name with a space', global('numpy core', 'x ndarray'), /"numpy core\.x ndarray"/],
  ['a key of JavaScript', stackGlobal('constructor', '__proto__'), /"constructor\.__proto__"/],
  ['a composed name', stackGlobal('numpy.core', 'multiarray scalar'), /"numpy\.core\.multiarray s/],
  ['a name that is none', program('NN\x93'), /STACK_GLOBAL: a name that is no text/],
  ['an instance of ndarray', program('(inumpy\nndarray\n'), /INST: .*object of numpy\.ndarray, which/],
  ['an object of ndarray', program('(', global('numpy', 'ndarray'), 'o'), /OBJ: .*refused/],
  ['a new object', program(global('numpy', 'ndarray'), ')\x81'), /NEWOBJ: .*refused/],
  ['a new object with names', program(global('numpy', 'ndarray'), ')}\x92'), /NEWOBJ_EX: .*refused/],
  ['extension 1', program('\x82\x01'), /EXT1: it asks for an extension, which is refused/],
  ['extension 2', program('\x83\x01\x00'), /EXT2: /],
  ['extension 4', program('\x84\x01\x00\x00\x00'), /EXT4: /],
  ['a persistent id', program('P1\n'), /PERSID: it asks for an object outside of the file/],
  ['a persistent id from the stack', program('NQ'), /BINPERSID: /],
  ['a buffer elsewhere', program('\x97'), /NEXT_BUFFER: it asks for bytes outside of the file/],
  ['a call of ndarray', call(global('numpy', 'ndarray'), tuple(int(3))), /ndarray: .*only read as a/],
  ['a call of a text', call(text('eval'), text('1')), /REDUCE: "eval" cannot be called/],
  ['a call of an array', program(emptyArray(), tuple(), 'R'), /a UnbuiltArray cannot be called/],
  ['a call without a tuple', program(reconstruct, 'NR'), /called with None instead of a tuple/],
  ['another type of array', emptyArray(text('matrix')), /type "matrix", expected numpy\.ndarray/],
  ['an array of functions', call(reconstruct, reconstruct, tuple(), bytes('b')), /type a NamedFunc/],
  ['too few parameters', call(reconstruct, global('numpy', 'ndarray')), /1 parameters, expected 3/],
  ['a dtype of a number', call(global('numpy', 'dtype'), int(4), 'N', 'N'), /4 instead of the code/],
  ['a dtype that is evaluated', call(global('numpy', 'dtype'), text('f4,(eval)'), 'N', 'N'), /is not r/],
  ['another encoding', call(encode, text('a'), text('hex')), /a text in "hex", expected latin1/],
  ['an encoded list', call(encode, ']', text('latin1')), /a list or tuple of 0 instead of a text/],
  ['bytes of a length', call(global('builtins', 'bytes'), int(two40)), /bytes: 1 parameters, exp/],
  ['a scalar object', call(global('numpy.core.multiarray', 'scalar'), objects, ']'), /scalar object/],
  ['an array without a dtype', array([1], text('f4'), bytes('abcd')), /"f4" instead of a dtype/],
  ['a buffer of a text', array([1], f4, int(4)), /4 instead of the bytes/],
  ['an order', call(global('numpy.core.numeric', '_frombuffer'), bytes(''), f4, tuple(int(0)), text('K')), /the order "K"/],
  ['a state of a function', program(encode, '}', text('__name__'), text('x'), 'sb'), /BUILD: it sets the state of _codecs\.encode, which has none/],
  ['a state of a dict', program('}}b'), /sets the state of a dict of 0/],
  ['a state of a list', program(']}b'), /sets the state of a list/],
  ['a state that is a dict', program(emptyArray(), '}', text('__class__'), 'Nsb'), /the state of an array is not/],
  ['a state twice', program(emptyArray(), 'q\x00', tuple(int(1), tuple(int(0)), f4, '\x89', bytes('')), 'bh\x00Nb'), /BUILD: it sets the state of an array float32/],
  ['an array in its own elements', program(emptyArray(), 'q\x00', tuple(int(1), tuple(int(1)), objects, '\x89', '(h\x00l'), 'b'), /used before its elements are there/],
  ['an array in a list in its own elements', program(']q\x00', '0', emptyArray(), tuple(int(1), tuple(int(1)), objects, '\x89', '(h\x00l'), 'bq\x010h\x00h\x01a'), /something lies inside itself/],
  ['2^40 elements', array([two40], f4, bytes('abcd')), /needs 4398046511104 bytes, got 4/],
  ['2^40 objects', array([two40], objects, ']'), /needs 1099511627776 objects, got a list or tuple of 0/],
  ['2^40 empty texts', program(call(global('numpy', 'dtype'), text('S0'), 'N', 'N')), /"S0" is not read/],
  ['a shape whose product is no number', array([two40, two40, two40], f4, bytes('')), /needs .* bytes, got 0/],
  ['a shape of thousands of axes', array(new Array<number>(5000).fill(1), f4, bytes('abcd')), /instead of the shape/],
  ['bytes of a huge length', program('\x8e', int64(2n ** 62n)), /BINBYTES8: .*461168601842738\d+ bytes are announced, 1 are left/],
  ['bytes of the largest length', program('\x8e', int64(2n ** 64n - 1n)), /BINBYTES8: .* 1 are left/],
  ['a text of a huge length', program('\x8d', int64(2n ** 40n)), /BINUNICODE8: .*1099511627776 bytes/],
  ['a bytearray of a huge length', program('\x96', int64(2n ** 40n)), /BYTEARRAY8: .*1099511627776 b/],
  ['an integer of a huge length', program('\x8b\xff\xff\xff\x7f'), /LONG4: .*2147483647 bytes/],
  ['a frame of a huge length', program('\x95', int64(2n ** 40n)), /FRAME: a frame of 1099511627776/],
  ['a long integer', program('\x8b\x00\x10\x00\x00', Buffer.alloc(4096, 1)), /an integer of 4096 bytes/],
  ['a long line', program('I', '1'.repeat(5000), '\n'), /INT: a line of more than 4096 bytes/],
  ['lists in a million lists', program(']'.repeat(1e6), 'a'.repeat(1e6 - 1)), /lies deeper than 100/],
  ['tuples in a million tuples', program(')', '\x85'.repeat(1e6)), /lies deeper than 100/],
  ['a million marks', program('('.repeat(1e6)), /STOP: the stack is empty/],
]; // prettier-ignore

describe('hostile pickles', function () {
  this.timeout(120_000);
  let folder: string;
  before(() => (folder = makeFolder()));
  after(() => {
    removeFolder(folder);
  });
  const write = (content: Buffer) => {
    const file = path.join(folder, 'hostile.pkl');
    writeFileSync(file, program(content, '.'));
    return file;
  };

  for (const [name, content, message] of [...running, ...refused]) {
    it(`refuses ${name}`, () => {
      const file = write(content);
      assert.throws(() => readPickle(file), { message });
      assert.ok(!existsSync(path.join(folder, 'harmed')));
      assert.equal(({} as Record<string, unknown>).x, undefined);
    });
  }

  it('refuses what would have run', function () {
    const python = pythonOrSkip(this, 'pickle');
    const files = running.map(([, content], index) => {
      const file = path.join(folder, `${index}.pkl`);
      writeFileSync(file, program(content, '.'));
      return file;
    });
    const load = `import os, pickle, sys
for file in sys.argv[1:]:
    try: pickle.load(open(file, 'rb'))
    except Exception: pass
    if os.path.exists('harmed'):
        print(file)
        os.remove('harmed')`;
    const { stdout } = spawnSync(python, ['-c', load, ...files], { cwd: folder, encoding: 'utf8' });
    const ran = running.filter((_, index) => stdout.split('\n').includes(files[index]!));
    // The dotted name needs numpy, and posix is not on every system.
    const certain = [
      'os.system',
      'builtins.eval',
      'a name from the stack',
      'an instance',
      'an object',
    ];
    const names = ran.map(([name]) => name);
    assert.deepEqual(
      certain.filter((name) => !names.includes(name)),
      [],
    );
  });

  it('copies nothing without end', () => {
    // One text of a megabyte, encoded a thousand times by a few bytes each.
    const once = program(encode, 'q\x00', '0', text('x'.repeat(2 ** 16)), 'q\x01', '0(');
    const again = program('h\x00h\x01', text('latin1'), '\x86R').toString('latin1').repeat(1000);
    const file = write(program(once, again, 'l'));
    assert.throws(
      () => readPickle(file),
      /_codecs\.encode: the file has \d+ bytes, and what is made/,
    );
    // The same elements turned round a thousand times.
    const data = program(bytes(Buffer.alloc(2 ** 16)), 'q\x00', dtype('f4', '>'), 'q\x0100(');
    const swapped = array([2 ** 14], 'h\x01', 'h\x00')
      .toString('latin1')
      .repeat(1000);
    const other = write(program(data, swapped, 'l'));
    assert.throws(() => readPickle(other), /BUILD: the file has \d+ bytes, and what is made/);
  });

  it('does not look through the same lists again and again', () => {
    // Each list holds the one before twice: 2 to the power of 90 ways to the first.
    const remembered = (place: number) => String.fromCharCode(place);
    const doubled = Array.from({ length: 90 }, (_, index) => {
      const before = `h${remembered(index)}`;
      return program(`](${before}${before}e`, `q${remembered(index + 1)}`, '0');
    });
    let list = readPickle(write(program(']q\x000', ...doubled, `h${remembered(90)}`)));
    for (let depth = 90; depth > 0; depth--) {
      const [one, other] = list as readonly PickledValue[];
      assert.equal(one, other);
      list = one!;
    }
    assert.deepEqual(list, []);
  });
});
