import assert from 'node:assert/strict';
import { loadEmoji } from '../../src/data/emoji/emoji.js';
import {
  EmojiPairs,
  loadEmojiPairs,
  type EmojiPairsOptions,
} from '../../src/data/emoji/emojiPairs.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { assertSteady } from '../support/leaks.js';

describe('the emoji as pairs', () => {
  const emoji = loadEmoji();
  const pairs = new EmojiPairs(emoji, { text: 'words' });
  const { padding, unknown, classification, separator } = pairs.wordPiece.special;
  const everyone = emoji.emoji.map((_, sample) => sample);

  it('are the same emoji with the same labels and splits', () => {
    for (const labels of ['subgroup', 'group'] as const) {
      const [one, other] = [loadEmojiPairs(labels), loadEmoji(labels)];
      assert.deepEqual(one.splits, other.splits);
      assert.deepEqual(one.labels, other.labels);
      assert.deepEqual(one.classes, other.classes);
    }
    assert.deepEqual([pairs.name, ...pairs.modalities], ['emojiPairs', 'text', 'image']);
  });

  it('know the words of the training split, and no others', () => {
    const wordsOf = (samples: readonly number[]) =>
      new Set(
        samples.flatMap((sample) =>
          emoji.emoji[sample]!.words.flatMap((word) =>
            // The accents are BERT's doing: é becomes e.
            word.normalize('NFD').replace(/\p{Mn}/gu, ''),
          ),
        ),
      );
    const trained = wordsOf(emoji.splits.train);
    assert.equal(pairs.wordPiece.vocabularySize, trained.size + 5);
    const knows = (word: string) => {
      const { ids } = pairs.wordPiece.encode(word);
      assert.deepEqual([ids[0], ids[2], ids[3]], [classification, separator, padding]);
      return pairs.wordPiece.isWord(ids[1]!);
    };
    assert.ok([...trained].every(knows));
    const unseen = [...wordsOf(emoji.splits.test)].filter((word) => !trained.has(word));
    assert.ok(unseen.length > 100);
    assert.ok(!unseen.some(knows));
  });

  it('are by default their names', () => {
    const { wordPiece, emoji: all } = new EmojiPairs(emoji);
    const sample = all.find('red apple');
    const named = new EmojiPairs(emoji).texts([sample]);
    assert.deepEqual(named, wordPiece.encode('red apple'));
    assert.equal(wordPiece.length, 8);
  });

  it('begin with [CLS], end with [SEP] and go on with padding, which the mask tells', () => {
    const { length } = pairs.wordPiece;
    const { ids, mask } = pairs.texts(everyone);
    everyone.forEach((sample) => {
      const row = ids.subarray(sample * length, (sample + 1) * length);
      const real = Math.min(emoji.emoji[sample]!.words.length, length - 2) + 2;
      assert.equal(row[0], classification);
      assert.equal(row[real - 1], separator);
      assert.ok(row.subarray(1, real - 1).every((id) => id > 4 || id === unknown));
      assert.ok(row.subarray(real).every((id) => id === padding));
      const expected = row.map((_, place) => Number(place < real));
      assert.deepEqual(mask.subarray(sample * length, (sample + 1) * length), expected);
    });
  });

  it('have the vocabularies that their page says', () => {
    for (const [text, size, unknownShare] of [
      ['name', 1264, '0.31'],
      ['words', 3097, '0.28'],
    ] as const) {
      // Long enough that nothing is cut off
      const whole = new EmojiPairs(emoji, { text, length: 40 });
      assert.equal(whole.wordPiece.vocabularySize, size);
      const test = whole.texts(whole.splits.test).ids;
      const [unseen, seen] = [test.filter((id) => id === unknown), test.filter((id) => id > 4)];
      assert.equal((unseen.length / (unseen.length + seen.length)).toFixed(2), unknownShare);
    }
  });

  it('have room for nearly all of the texts', () => {
    const sizesIn = (options: EmojiPairsOptions) => {
      const { ids } = new EmojiPairs(emoji, options).texts(everyone);
      const length = ids.length / everyone.length;
      const ends = everyone.map((sample) => {
        const row = ids.subarray(sample * length, (sample + 1) * length);
        return row.indexOf(separator) + 1;
      });
      return { length, ends };
    };
    for (const [text, share] of [
      ['name', '0.98'],
      ['words', '0.97'],
    ] as const) {
      const { length } = sizesIn({ text });
      const { ends } = sizesIn({ text, length: 40 });
      const fitting = ends.filter((end) => end <= length);
      assert.equal((fitting.length / everyone.length).toFixed(2), share);
    }
    const short = new EmojiPairs(emoji, { length: 5 });
    assert.deepEqual(short.inputs([0, 1]).text.shape, [2, 5]);
  });

  it('have pictures in −1 … 1, of the artists that are asked for', async () => {
    for (const picture of ['twemoji', 'openmoji'] as const) {
      const { image } = new EmojiPairs(emoji, { picture }).inputs([700, 3]);
      assert.deepEqual([image.shape, image.dtype], [[2, 32, 32, 3], 'float32']);
      const values = [...(await image.data())];
      assert.ok(values.every((value) => value >= -1 && value <= 1));
      const bytes = values.map((value) => Math.round((value + 1) * 127.5));
      const drawn = [700, 3].flatMap((sample) => [...emoji.picture(picture, sample).pixels]);
      assert.deepEqual(bytes, drawn);
      assert.equal(values[0], 1, 'the paper is white');
    }
  });

  it('come in batches, samples in order', async () => {
    const inputs = pairs.inputs([5, 17]);
    assert.deepEqual(Object.keys(inputs), ['text', 'textMask', 'image']);
    assert.deepEqual([inputs.text.dtype, inputs.textMask.dtype], ['int32', 'int32']);
    const single = pairs.inputs([17]);
    for (const name of ['text', 'textMask', 'image'] as const) {
      const row = tf.slice(inputs[name], [1], [1]);
      assert.deepEqual(await row.array(), await single[name].array(), name);
    }
    assert.throws(() => pairs.inputs([1865]), /EmojiPairs: no sample 1865; there are 1865/);
  });

  it('lose words to dropout as the stream has it, and special tokens never', async () => {
    const { train } = emoji.splits;
    const plain = pairs.texts(train).ids;
    const droppedBy = (probability: number, seed: number) =>
      pairs.texts(train, { probability, random: stream(seed, 'words') }).ids;
    assert.deepEqual(droppedBy(0, 1), plain);
    const dropped = droppedBy(0.3, 1);
    assert.deepEqual(droppedBy(0.3, 1), dropped);
    assert.notDeepEqual(droppedBy(0.3, 2), dropped);
    const given = { probability: 0.3, random: stream(1, 'words') };
    assert.deepEqual(await pairs.inputs(train, given).text.data(), dropped);
    const words = [...plain.keys()].filter((place) => plain[place]! > 4);
    const changed = [...plain.keys()].filter((place) => plain[place] !== dropped[place]);
    assert.ok(changed.every((place) => plain[place]! > 4 && dropped[place] === unknown));
    const share = changed.length / words.length;
    assert.ok(Math.abs(share - 0.3) < 0.02, `dropped ${share}`);
    const all = droppedBy(1, 1);
    assert.ok(words.every((place) => all[place] === unknown));
  });

  it('miss a text as the empty string and a picture as the mode has it', async () => {
    const rest = Array<number>(14).fill(0);
    const inputs = pairs.inputs([5, 17]);
    const { text, textMask } = pairs.absence.inputs(inputs, ['text']);
    const empty = [classification, separator, ...rest];
    assert.deepEqual(await text!.array(), [empty, empty]);
    const two = [1, 1, ...rest];
    assert.deepEqual(await textMask!.array(), [two, two]);
    for (const [mode, value] of [
      [undefined, 1],
      ['black', -1],
    ] as const) {
      const { absence } = new EmojiPairs(emoji, mode && { missingImage: mode });
      const { image } = absence.inputs(inputs, ['image']);
      assert.deepEqual(image!.shape, [2, 32, 32, 3]);
      assert.ok([...(await image!.data())].every((pixel) => pixel === value));
    }
  });

  it('keep no tensor', async () => {
    const dropout = { probability: 0.3, random: stream(1, 'words') };
    await assertSteady(() => {
      tf.dispose(pairs.inputs([1, 2, 3], dropout));
    });
  });
});
