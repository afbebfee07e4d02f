import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  decodeSafetensors,
  encodeSafetensors,
  readSafetensors,
  writeSafetensors,
  type StoredTensor,
} from '../../src/files/safetensors.js';
import { makeFolder, removeFolder } from '../support/folders.js';

const tensors = new Map<string, StoredTensor>([
  ['weights', { shape: [2, 3], values: Float32Array.of(1, -2.5, 3e-20, 4, 5, 6) }],
  ['bytes', { shape: [3], values: Uint8Array.of(0, 127, 255) }],
  ['labels', { shape: [2], values: Int32Array.of(-7, 2 ** 30) }],
  ['exact', { shape: [], values: Float64Array.of(Math.PI) }],
  ['nothing', { shape: [0, 4], values: new Float32Array() }],
]);
const metadata = { made: 'by a test', 'mit Umlaut': 'ä' };

/** A file with this header and so many bytes of data. */
function withHeader(header: unknown, bytes: number): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(bytes)]);
}

describe('safetensors', () => {
  let folder: string;
  before(() => {
    folder = makeFolder();
  });
  after(() => {
    removeFolder(folder);
  });

  it('come back as they were written, and leave no temporary file', () => {
    const file = path.join(folder, 'inside', 'a.safetensors');
    writeSafetensors(file, tensors, metadata);
    const read = readSafetensors(file);
    assert.deepEqual(read.metadata, metadata);
    assert.deepEqual([...read.tensors], [...tensors]);
    assert.deepEqual(readdirSync(path.dirname(file)), ['a.safetensors']);
  });

  it('refuse every truncation', () => {
    const whole = encodeSafetensors(tensors, metadata);
    for (let length = 0; length < whole.length; length++) {
      assert.throws(
        () => decodeSafetensors(whole.subarray(0, length), 'cut'),
        /cut is not a whole safetensors file/,
        `${length} of ${whole.length} bytes`,
      );
    }
  });

  it('give integers of 64 bits as 32', () => {
    const header = { ids: { dtype: 'I64', shape: [3], data_offsets: [0, 24] } };
    const file = withHeader(header, 24);
    const start = file.length - 24;
    [5n, -7n, 2n ** 31n - 1n].forEach((value, index) => {
      file.writeBigInt64LE(value, start + 8 * index);
    });
    const values = Int32Array.of(5, -7, 2 ** 31 - 1);
    assert.deepEqual(decodeSafetensors(file, 'ids').tensors.get('ids'), { shape: [3], values });
    file.writeBigInt64LE(2n ** 31n, start + 8);
    assert.throws(
      () => decodeSafetensors(file, 'ids'),
      /ids is not a whole safetensors file: "ids" holds 2147483648, which 32 bits do not/,
    );
  });

  const f32 = (start: number, end: number, shape = [(end - start) / 4]) => ({
    dtype: 'F32',
    shape,
    data_offsets: [start, end],
  });
  const refusals: [string, Buffer, RegExp][] = [
    [
      'a header that is not JSON',
      Buffer.concat([withHeader({}, 0).subarray(0, 8), Buffer.from('no')]),
      /header is not a JSON object/,
    ],
    ['a header that is a list', withHeader([], 0), /header is not a JSON object/],
    [
      'a header longer than the file',
      Buffer.from('ffffffff00000000', 'hex'),
      /header of 4294967295 bytes in a file of 8/,
    ],
    ['an unknown type', withHeader({ a: { ...f32(0, 4), dtype: 'F9' } }, 4), /"a": .*dtype/s],
    [
      'a shape that does not fit',
      withHeader({ a: f32(0, 8, [3]) }, 8),
      /"a" \[3\] F32 needs 12 bytes, has 8/,
    ],
    ['a negative size', withHeader({ a: f32(0, 4, [-1]) }, 4), /"a": /],
    ['a gap', withHeader({ a: f32(0, 4), b: f32(8, 12) }, 12), /"b" starts at byte 8, expected 4/],
    [
      'an overlap',
      withHeader({ a: f32(0, 8), b: f32(4, 12) }, 12),
      /"b" starts at byte 4, expected 8/,
    ],
    ['bytes that belong to nothing', withHeader({ a: f32(0, 4) }, 5), /expected \d+/],
    [
      'metadata of numbers',
      withHeader({ __metadata__: { a: 1 } }, 0),
      /__metadata__ must map strings/,
    ],
  ];
  for (const [name, bytes, message] of refusals) {
    it(`refuse ${name}`, () => {
      assert.throws(() => decodeSafetensors(bytes, 'f'), message);
    });
  }

  it('name a place that cannot be written', () => {
    const blocked = path.join(folder, 'file');
    writeFileSync(blocked, '');
    assert.throws(() => {
      writeSafetensors(path.join(blocked, 'a.safetensors'), tensors);
    }, /cannot write .*file\/a.safetensors: /);
  });
});
