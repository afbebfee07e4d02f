import assert from 'node:assert/strict';
import { maskedWords, notAsked } from '../../../src/data/text/maskedWords.js';
import { specialTokens, WordPiece } from '../../../src/data/text/wordPiece.js';
import { stream } from '../../../src/tensor/random.js';
import { tf } from '../../../src/tensor/tf.js';
import { crossEntropy } from '../../../src/training/crossEntropy.js';
import { assertSteady } from '../../support/leaks.js';

describe('masked words', () => {
  const vocabulary = Array.from({ length: 100 }, (_, index) => `word${index}`);
  // The special tokens are not the first ones, as in BERT's own vocabulary.
  vocabulary.splice(10, 0, ...Object.values(specialTokens));
  const wordPiece = new WordPiece(vocabulary, 12);
  const { special } = wordPiece;
  const text = wordPiece.encode('word0 word1 word99 word50 [UNK] [MASK] word9 word10');
  const rows = 2000;
  const ids = Int32Array.from({ length: rows * 12 }, (_, place) => text.ids[place % 12]!);
  const isWord = (place: number) => [1, 2, 3, 4, 7, 8].includes(place % 12);
  const drawn = async (seed = 1) => {
    const masked = maskedWords(ids, wordPiece, stream(seed, 'masked words'));
    assert.deepEqual(masked.ids.shape, [rows, 12]);
    assert.deepEqual(masked.targets.shape, [rows, 12]);
    assert.deepEqual([masked.ids.dtype, masked.targets.dtype], ['int32', 'int32']);
    return { seen: await masked.ids.data(), targets: await masked.targets.data() };
  };
  const near = (actual: number, expected: number, bound: number) => {
    assert.ok(Math.abs(actual - expected) < bound, `${actual}, expected ${expected}`);
  };

  it('are asked for with their own ids; everything else stays and is not asked for', async () => {
    const { seen, targets } = await drawn();
    let asked = 0;
    ids.forEach((id, place) => {
      if (targets[place] === notAsked) {
        assert.equal(seen[place], id);
        return;
      }
      asked++;
      assert.ok(isWord(place));
      assert.equal(targets[place], id);
      assert.ok(seen[place] === special.mask || wordPiece.isWord(seen[place]!));
    });
    // Four standard deviations of 12,000 draws.
    near(asked / (rows * 6), 0.15, 0.013);
  });

  it('are hidden by [MASK], another word or nothing, 80 to 10 to 10', async () => {
    const { seen, targets } = await drawn();
    const places = [...ids.keys()].filter((place) => targets[place] !== notAsked);
    const share = (of: (place: number) => boolean) => places.filter(of).length / places.length;
    // Four standard deviations of 1,800 draws; one in a hundred random words is the word itself.
    near(
      share((place) => seen[place] === special.mask),
      0.8,
      0.038,
    );
    near(
      share((place) => seen[place] === ids[place]),
      0.101,
      0.029,
    );
    const others = places.filter((place) => ![special.mask, ids[place]].includes(seen[place]));
    assert.ok(new Set(others.map((place) => seen[place])).size > 60, 'all words are drawn');
  });

  it('follow the stream', async () => {
    assert.deepEqual(await drawn(1), await drawn(1));
    assert.notDeepEqual((await drawn(1)).seen, (await drawn(2)).seen);
    assert.deepEqual(
      ids.subarray(0, 12),
      wordPiece.encode('word0 word1 word99 word50 [UNK] [MASK] word9 word10').ids,
      'what was given is as it was',
    );
  });

  it('are what the cross-entropy takes: what is not asked for has no part in it', async () => {
    const { targets } = maskedWords(ids.subarray(0, 240), wordPiece, stream(1, 'words'));
    const undecided = tf.zeros([20, 12, vocabulary.length]);
    const loss = crossEntropy(undecided, targets, { ignoreIndex: notAsked });
    near((await loss.data())[0]!, Math.log(vocabulary.length), 1e-5);
  });

  it('keep no tensor', async () => {
    const random = stream(1, 'words');
    await assertSteady(() => {
      tf.dispose({ ...maskedWords(ids.subarray(0, 24), wordPiece, random) });
    });
  });
});
