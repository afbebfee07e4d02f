import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readVocabulary, specialTokens, WordPiece } from '../../../src/data/text/wordPiece.js';
import { fixtures } from '../../support/fixtures.js';
import { makeFolder, removeFolder } from '../../support/folders.js';

/** What BERT's tokenizer in Python made of strings, in full and in eight ids; see make_wordpiece_fixture.py. */
interface Case {
  readonly text: string;
  readonly ids: number[];
  readonly short: number[];
}

const folder = path.join(fixtures, 'wordpiece');
const special = Object.values(specialTokens);

describe('WordPiece', () => {
  const vocabulary = readVocabulary(path.join(folder, 'vocab.txt'));
  const cases = JSON.parse(readFileSync(path.join(folder, 'cases.json'), 'utf8')) as Case[];

  it('gives more than a thousand strings the ids that BERT’s tokenizer gives them', () => {
    const long = new WordPiece(vocabulary, 512);
    assert.ok(cases.length > 1000);
    for (const { text, ids } of cases) {
      const encoded = long.encode(text);
      const real = encoded.mask.reduce((sum, one) => sum + one);
      const name = JSON.stringify(text);
      assert.deepEqual([...encoded.ids.subarray(0, real)], ids, name);
      assert.ok(
        encoded.ids.subarray(real).every((id) => id === long.special.padding),
        name,
      );
      assert.ok(
        encoded.mask.subarray(0, real).every((one) => one === 1),
        name,
      );
    }
  });

  it('cuts and pads as BERT’s tokenizer does: [CLS] and [SEP] are always there', () => {
    const short = new WordPiece(vocabulary, 8);
    for (const { text, ids, short: expected } of cases) {
      const encoded = short.encode(text);
      assert.deepEqual([...encoded.ids], expected, JSON.stringify(text));
      const real = Math.min(ids.length, 8);
      assert.deepEqual(
        [...encoded.mask],
        [...encoded.ids.keys()].map((place) => Number(place < real)),
      );
    }
    assert.throws(
      () => new WordPiece(vocabulary, 1),
      /length must be a whole number from 2 on, got 1/,
    );
  });

  it('tells its special tokens from words', () => {
    const wordPiece = new WordPiece(vocabulary, 8);
    const places = Object.values(wordPiece.special);
    assert.deepEqual(
      places.map((id) => vocabulary[id]),
      special,
    );
    assert.equal(wordPiece.vocabularySize, vocabulary.length);
    assert.equal(wordPiece.words.length, vocabulary.length - 5);
    assert.ok(wordPiece.words.every((id) => wordPiece.isWord(id) && !places.includes(id)));
    assert.ok(!places.some((id) => wordPiece.isWord(id)));
  });
});

describe('a vocabulary', () => {
  const place = makeFolder();
  after(() => {
    removeFolder(place);
  });
  const read = (text: string) => {
    const file = path.join(place, 'vocab.txt');
    writeFileSync(file, text);
    return readVocabulary(file);
  };

  it('is read with either end of line, the last one with or without', () => {
    const lines = [...special, 'soup', '##s'];
    for (const end of ['\n', '\r\n']) {
      assert.deepEqual(read(lines.join(end)), lines);
      assert.deepEqual(read(lines.join(end) + end), lines);
    }
  });

  it('is refused when it is empty, has a token twice, or lacks one that is needed', () => {
    assert.throws(() => read(''), /vocab\.txt: the vocabulary is empty/);
    assert.throws(() => read('[PAD]\n\n[UNK]\n'), /vocab\.txt: line 2 is empty/);
    assert.throws(
      () => read([...special, 'soup', 'bread', 'soup'].join('\n')),
      /vocab\.txt: "soup" is on lines 6 and 8/,
    );
    assert.throws(
      () => read('[PAD]\n[CLS]\n[SEP]\nsoup\n'),
      /vocab\.txt: .* lacks \[UNK\], \[MASK\]/,
    );
    assert.throws(() => new WordPiece(['soup'], 8), /WordPiece: the vocabulary lacks \[PAD\]/);
    assert.throws(() => readVocabulary(path.join(place, 'absent.txt')), /absent\.txt/);
  });
});
