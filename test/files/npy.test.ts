import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { decodeNpy, readNpy } from '../../src/files/npy.js';
import { segmentationFixtures } from '../support/segmentation.js';

const folder = path.join(segmentationFixtures, 'npy');
const bytesOf = (name: string) => readFileSync(path.join(folder, `${name}.npy`));

/** Written by NumPy: −6 … 5, without signs where the type has none, halved where it has decimals. */
const numbers = Array.from({ length: 12 }, (_, index) => index - 6);
const expectedOf = (name: string) => {
  if (name === 'b1') return numbers.map((number) => (number === 0 ? 0 : 1));
  if (name.includes('u')) return numbers.map(Math.abs);
  return name.includes('f') ? numbers.map((number) => number / 2) : numbers;
};

/** Headers that NumPy does not write, with elements for [2, 2] of float32. */
const headed = (header: string, version = 1, elements = 16) => {
  const text = Buffer.from(header, 'latin1');
  const length = Buffer.alloc(version === 1 ? 2 : 4);
  length.writeUIntLE(text.length, 0, length.length);
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]);
  return Buffer.concat([start, length, text, Buffer.alloc(elements)]);
};

describe('.npy', () => {
  const types = readdirSync(folder)
    .map((file) => path.basename(file, '.npy'))
    .filter((name) => /^(b1|[iu]1|(little|big)_[iuf]\d)$/.test(name));
  assert.equal(types.length, 19);
  for (const name of types) {
    it(`is read as NumPy wrote it: ${name}`, () => {
      const { dtype, shape, values } = decodeNpy(bytesOf(name), name);
      assert.deepEqual(shape, [3, 4]);
      assert.deepEqual(Array.from<number | bigint, number>(values, Number), expectedOf(name));
      const code = /[iufb]\d/.exec(name)![0];
      const words: Record<string, string> = { b: 'bool', i: 'int', u: 'uint', f: 'float' };
      const bits = code === 'b1' ? '' : String(Number(code[1]) * 8);
      assert.equal(dtype, `${words[code[0]!]!}${bits}`);
    });
  }

  for (const version of [1, 2, 3]) {
    it(`is read in version ${version}`, async () => {
      const { values } = await readNpy(path.join(folder, `version${version}.npy`));
      assert.deepEqual(values, Float32Array.from(numbers));
    });
  }

  it('is turned into row-major order', () => {
    const { shape, values } = decodeNpy(bytesOf('fortran'), 'fortran');
    assert.deepEqual(shape, [2, 3, 4]);
    assert.deepEqual(
      values,
      Float32Array.from({ length: 24 }, (_, index) => index),
    );
  });

  it('may have no axes, and no elements', () => {
    assert.deepEqual(decodeNpy(bytesOf('scalar'), 'scalar').shape, []);
    assert.deepEqual(decodeNpy(bytesOf('scalar'), 'scalar').values, Float32Array.of(7));
    assert.deepEqual(decodeNpy(bytesOf('empty'), 'empty').shape, [0, 3]);
  });

  it('takes the long integers of Python 2, and keys in another order', () => {
    const bytes = headed("{'shape': (2L, 2L), 'fortran_order': False, 'descr': '<f4'}");
    assert.deepEqual(decodeNpy(bytes, 'python2').shape, [2, 2]);
  });

  const whole = bytesOf('version1');
  const changed = (change: (bytes: Buffer) => void) => {
    const copy = Buffer.concat([whole]);
    change(copy);
    return copy;
  };
  const header = (descr: string, order: string, shape: string) =>
    headed(`{'descr': ${descr}, 'fortran_order': ${order}, 'shape': ${shape}, }`);
  const wrong: readonly (readonly [string, Buffer<ArrayBuffer>, RegExp])[] = [
    ['objects', bytesOf('objects'), /it holds objects, which would be a pickle; expected numbers/],
    ['records', bytesOf('records'), /it holds records, expected numbers/],
    ['complex numbers', bytesOf('complex'), /the dtype "c8" is not read/],
    ['texts', bytesOf('texts'), /it holds str, expected numbers/],
    ['no elements', whole.subarray(0, 128), /float32 \[3, 4\] ends at byte 176, and the file has 128: it is truncated/],
    ['the last byte missing', whole.subarray(0, -1), /ends at byte 176, and the file has 175/],
    ['half a header', whole.subarray(0, 60), /its header ends at byte 128, and the file has 60/],
    ['a magic and no more', whole.subarray(0, 8), /its header ends at byte 10, and the file has 8/],
    ['nothing', Buffer.alloc(0), /expected it to begin with the bytes 93 NUMPY, got ""/],
    ['another magic', changed((bytes) => (bytes[1] = 0x6e)), /expected it to begin with .* got ".nUMPY"/],
    ['version 4', changed((bytes) => (bytes[6] = 4)), /expected version 1, 2 or 3, got 4/],
    ['more bytes', Buffer.concat([whole, Buffer.alloc(3)]), /ends at byte 176, and the file has 179/],
    ['no dtype', header('None', 'False', '(2, 2)'), /expected descr as a dtype in its header, got \{'descr': None/],
    ['no order', header("'<f4'", 'Maybe', '(2, 2)'), /expected fortran_order True or False/],
    ['a shape that is none', header("'<f4'", 'False', '(2, -2)'), /expected shape as a tuple of whole numbers/],
    ['a shape that is too large', header("'<f4'", 'False', '(99999999, 99999999)'), /it is truncated/],
  ]; // prettier-ignore
  for (const [what, bytes, message] of wrong) {
    it(`is refused with ${what}, by name`, () => {
      assert.throws(
        () => decodeNpy(bytes, 'depth/7.npy'),
        (error: Error) => {
          assert.match(error.message, /^depth\/7\.npy cannot be read as \.npy: /);
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }
});
