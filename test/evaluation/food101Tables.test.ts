import assert from 'node:assert/strict';
import path from 'node:path';
import {
  missingTableName,
  missingTypes,
  readMissingTable,
  referenceTable,
} from '../../src/evaluation/food101Tables.js';
import { drawMissing } from '../../src/evaluation/missingTables.js';
import { writeSafetensors, type StoredTensor } from '../../src/files/safetensors.js';
import { makeFolder, removeFolder } from '../support/folders.js';

describe('missing tables of Food-101', () => {
  let folder: string;
  before(() => {
    folder = makeFolder();
  });
  after(() => {
    removeFolder(folder);
  });
  const write = (tensor: StoredTensor, name = 'table') => {
    const file = path.join(folder, 'food101_val_missing_both_07.safetensors');
    writeSafetensors(file, new Map([[name, tensor]]));
    return file;
  };

  it('are read as what each sample lacks', () => {
    const file = write({ shape: [4], values: Float32Array.of(0, 2, 1, 0) });
    const table = readMissingTable(file, 4);
    assert.deepEqual(table, {
      name: 'food101_val_missing_both_07',
      shares: [
        { missing: ['text'], share: 0.25 },
        { missing: ['image'], share: 0.25 },
      ],
      missing: [[], ['image'], ['text'], []],
    });
    assert.deepEqual(drawMissing(table, 4, 1), table.missing);
  });

  it('are refused when they do not fit the split, or are none', () => {
    const values = Float32Array.of(0, 1, 2, 0);
    const refuse = (tensor: StoredTensor, message: RegExp, name?: string) => {
      const file = write(tensor, name);
      assert.throws(() => readMissingTable(file, 4), message);
    };
    const ofOthers = write({ shape: [4], values });
    assert.throws(() => readMissingTable(ofOthers, 4, ['words', 'picture']), /_07.*"text"/s);
    const three = { shape: [3], values: values.subarray(0, 3) };
    refuse(three, /_07.safetensors: expected one number for each of 4 samples, got \[3\]/);
    refuse({ shape: [2, 2], values }, /each of 4 samples, got \[2, 2\]/);
    refuse({ shape: [4], values }, /expected a tensor "table", got other/, 'other');
    for (const wrong of [3, -1, 0.5, NaN]) {
      const table = { shape: [4], values: Float32Array.of(0, 0, wrong, 0) };
      refuse(table, new RegExp(`expected 0, 1 or 2, got ${wrong} of sample 2`));
    }
  });

  it('are named as in the reference', () => {
    assert.equal(missingTableName('train', 'both', 0.7), 'food101_train_missing_both_07');
    assert.equal(missingTableName('validation', 'text', 1), 'food101_val_missing_text_10');
    assert.equal(missingTableName('test', 'image', 0.35), 'food101_test_missing_image_035');
    assert.equal(missingTableName('test', 'image', 0), 'food101_test_missing_image_00');
  });

  it('are drawn with the counts of the reference', () => {
    // In Python: missing = int(n · ratio), of which int(missing · 0.5) lack the image where both may be missing.
    for (const count of [0, 1, 7, 100, 6846, 22716, 61142]) {
      for (const ratio of [0, 0.1, 0.35, 0.7, 1]) {
        const missing = Math.trunc(count * ratio);
        const half = Math.trunc(missing * 0.5);
        const expected = { text: [missing, 0], image: [0, missing], both: [missing - half, half] };
        for (const type of missingTypes) {
          const drawn = drawMissing(referenceTable(type, ratio), count, 1);
          const lack = (name: string) => drawn.filter((missing) => missing.includes(name)).length;
          const counts = [lack('text'), lack('image')];
          assert.deepEqual(counts, expected[type], `${count} ${type} ${ratio}`);
        }
      }
    }
  });
});
