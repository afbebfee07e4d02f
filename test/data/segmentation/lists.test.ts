import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readList, splitLists } from '../../../src/data/segmentation/lists.js';
import { makeFolder, removeFolder } from '../../support/folders.js';
import { realNyudv2 } from '../../support/segmentation.js';
import { skip } from '../../support/skip.js';

const folder = makeFolder();
after(() => {
  removeFolder(folder);
});
const read = (text: string) => {
  const file = path.join(folder, 'list.txt');
  writeFileSync(file, text);
  return readList(file);
};
const train = Array.from({ length: 20 }, (_, index) => `s${index}`);
const test = ['t0', 't1'];

describe('lists of samples', () => {
  it('have names alone, or files', () => {
    assert.deepEqual(read('7\n0\n12\n'), ['7', '0', '12']);
    assert.deepEqual(read('RGB/7.jpg\tLabel/7.png\r\nRGB/0.jpg\tLabel/0.png'), ['7', '0']);
    assert.deepEqual(read('outscene1208_2_0000000150\n'), ['outscene1208_2_0000000150']);
    assert.deepEqual(read('7.jpg 7.png\n'), ['7']);
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ['an empty line', '1\n\n2\n', /list\.txt, line 2: expected the name of a sample .* got nothing/],
    ['an empty file', '', /line 1: .* got nothing/],
    ['two names', 'RGB/1.jpg\tLabel/2.png', /line 1: .* got two, 1 and 2/],
    ['a name twice', '1\n2\n1\n', /line 3: .* got 1, which line 1 has/],
    ['no name', '1\n../\n', /line 2: .* got "\.\.\/"/],
  ]; // prettier-ignore
  for (const [what, text, message] of wrong) {
    it(`are refused with ${what}, by line`, () => {
      assert.throws(() => read(text), message);
    });
  }

  it('leave a share of training for validation, the same for the same seed', () => {
    const { names, splits } = splitLists({ train, test }, { validationShare: 0.25 }, 'x');
    const of = (split: 'train' | 'validation' | 'test') => splits[split].map((s) => names[s]!);
    assert.equal(of('validation').length, 5);
    assert.deepEqual([...of('train'), ...of('validation')].sort(), [...train].sort());
    assert.deepEqual(of('test'), test);
    const again = splitLists({ train, test }, { validationShare: 0.25, seed: 1 }, 'x');
    assert.deepEqual(again, { names, splits });
    const other = splitLists({ train, test }, { validationShare: 0.25, seed: 2 }, 'x');
    assert.notDeepEqual(other.names, names);
  });

  it('give the test set a second time where validation is it, as in the reference', () => {
    const { names, splits } = splitLists({ train, test }, { validation: 'test' }, 'x');
    assert.deepEqual(
      splits.validation.map((sample) => names[sample]),
      test,
    );
    assert.deepEqual(
      splits.train.map((sample) => names[sample]),
      train,
    );
    const all = Object.values(splits).flat();
    assert.equal(new Set(all).size, all.length);
  });

  it('take a list of validation', () => {
    const lists = { train, test, list: ['v'] };
    const { names, splits } = splitLists(lists, { validation: 'list' }, 'x');
    assert.deepEqual(
      splits.validation.map((sample) => names[sample]),
      ['v'],
    );
    assert.throws(() => splitLists({ train, test }, { validation: 'list' }, 'x'), /no list of val/);
  });

  it('are refused where a sample is in two, or nothing is left', () => {
    assert.throws(() => splitLists({ train, test: ['s3'] }, {}, 'x'), /x: s3 is in train and again|s3 is in validation and again/);
    assert.throws(() => splitLists({ train, test, list: ['t1'] }, { validation: 'list' }, 'x'), /t1 is in validation and again in test/);
    assert.throws(() => splitLists({ train, test }, { validation: 'val' as 'test' }, 'x'), /x: validation must be list, train, test, got val/);
    for (const validationShare of [0, 1, NaN, 0.001]) {
      assert.throws(() => splitLists({ train, test }, { validationShare }, 'x'), /validationShare/);
    }
  }); // prettier-ignore

  it('of the real NYUDv2 have 795 and 654 samples', function () {
    if (!existsSync(realNyudv2)) skip(this, `${realNyudv2} is not there`);
    const [real, tested] = ['train', 'test'].map((name) =>
      readList(path.join(realNyudv2, `${name}.txt`)),
    );
    assert.deepEqual([real!.length, tested!.length], [795, 654]);
    const ids = [...real!, ...tested!].map(Number).sort((a, b) => a - b);
    assert.deepEqual(
      ids,
      Array.from({ length: 1449 }, (_, id) => id),
    );
  });
});
