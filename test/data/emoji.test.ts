import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { emojiCatalogue, packageFolder } from '../../src/data/emoji/catalogue.js';
import { EmojiDataset, loadEmoji, wordCount } from '../../src/data/emoji/emoji.js';
import { makePictures, rasterise, readPictures } from '../../src/data/emoji/pictures.js';
import { Vocabulary } from '../../src/data/vocabulary.js';
import { readSafetensors, writeSafetensors } from '../../src/files/safetensors.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { makeFolder, removeFolder } from '../support/folders.js';

describe('the emoji', () => {
  const emoji = loadEmoji();

  it('are 1,865, of 100 subgroups in 10 groups', () => {
    assert.equal(emoji.emoji.length, 1865);
    assert.equal(emoji.classes.length, 100);
    assert.equal(loadEmoji('group').classes.length, 10);
    assert.equal(new Set(emoji.emoji.map(({ hexcode }) => hexcode)).size, 1865);
  });

  it('are split once and for all, with no emoji in two splits', () => {
    const { train, validation, test } = emoji.splits;
    assert.deepEqual([train.length, validation.length, test.length], [1193, 194, 478]);
    assert.equal(new Set([...train, ...validation, ...test]).size, 1865);
    assert.deepEqual(loadEmoji('group').splits, emoji.splits);
  });

  it('lack two subgroups in testing: those with a single emoji', () => {
    const tested = new Set(emoji.splits.test.map((sample) => emoji.labels[sample]));
    const untested = emoji.classes.filter((_, label) => !tested.has(label));
    assert.deepEqual(untested, ['animal-amphibian', 'keycap']);
  });

  it('have the words that their page says', () => {
    const counts = emoji.emoji.map(({ words }) => words.length).sort((a, b) => a - b);
    assert.deepEqual([counts[0], counts[932], counts.at(-1)], [1, 5, 19]);
    const kept = counts.filter((count) => count <= wordCount).length / counts.length;
    assert.equal(kept.toFixed(2), '0.93');
    assert.equal(emoji.vocabulary.size, 3093 + 2);
  });

  it('have the classes that their page says', () => {
    const sizes = emoji.classes
      .map((_, label) => emoji.labels.filter((other) => other === label).length)
      .sort((a, b) => a - b);
    assert.deepEqual(sizes.slice(0, 12), [1, 1, 2, 2, 3, 3, 3, 3, 3, 3, 4, 5]);
    assert.equal(sizes.at(-1), 258);
    const smallest = sizes.slice(0, 43).reduce((sum, size) => sum + size);
    assert.ok(smallest <= 258 && smallest + sizes[43]! > 258);
    const { validation, test } = emoji.splits;
    const classesIn = (split: readonly number[]) =>
      new Set(split.map((sample) => emoji.labels[sample])).size;
    assert.deepEqual([classesIn(validation), classesIn(test)], [89, 98]);
    const flag = emoji.classes.indexOf('country-flag');
    const flags = test.filter((sample) => emoji.labels[sample] === flag).length;
    assert.equal(((100 * flags) / test.length).toFixed(1), '13.6');
  });

  it('have a vocabulary of the training split only', () => {
    const trained = new Set(emoji.splits.train.flatMap((sample) => emoji.emoji[sample]!.words));
    assert.equal(emoji.vocabulary.size, trained.size + 2);
    const unseen = emoji.splits.test
      .flatMap((s) => emoji.emoji[s]!.words)
      .filter((w) => !trained.has(w));
    assert.ok(unseen.length > 0);
    assert.deepEqual([...emoji.vocabulary.encode(unseen.slice(0, 2), 2)], [1, 1]);
  });

  it('come in batches of the right shape and scale, samples in order', async () => {
    const batch = emoji.splits.train.slice(0, 200);
    const inputs = emoji.inputs(batch);
    assert.deepEqual(inputs.openmoji!.shape, [200, 32, 32, 3]);
    assert.deepEqual(inputs.words!.shape, [200, 12]);
    for (const name of ['openmoji', 'twemoji']) {
      const { mean, variance } = tf.moments(inputs[name]!);
      assert.ok(Math.abs((await mean.data())[0]!) < 0.2, `${name} mean`);
      assert.ok(Math.abs((await variance.data())[0]! - 1) < 0.3, `${name} variance`);
    }
    const single = emoji.inputs([batch[17]!]);
    for (const name of emoji.modalities) {
      const row = tf.slice(inputs[name]!, [17], [1]);
      assert.deepEqual(await row.array(), await single[name]!.array(), name);
    }
    assert.throws(() => emoji.inputs([1865]), /no sample 1865; there are 1865/);
  });

  it('lose words to dropout as the stream has it, and padding never', async () => {
    const all = emoji.splits.train;
    const wordsWith = async (...dropout: [probability: number, seed: number] | []) => {
      const [probability, seed] = dropout;
      const given =
        probability === undefined ? undefined : { probability, random: stream(seed!, 'words') };
      return [...(await emoji.inputs(all, given).words!.data())];
    };
    const plain = await wordsWith();
    assert.deepEqual(await wordsWith(0, 1), plain);
    const dropped = await wordsWith(0.3, 1);
    assert.deepEqual(await wordsWith(0.3, 1), dropped);
    assert.notDeepEqual(await wordsWith(0.3, 2), dropped);
    const isWord = (_: number, place: number) => plain[place] !== Vocabulary.padding;
    const changed = dropped.filter((word, place) => word !== plain[place]);
    assert.ok(changed.every((word) => word === Vocabulary.unknown));
    // The training split holds no word that its own vocabulary lacks, so each dropped one has changed.
    const share = changed.length / dropped.filter(isWord).length;
    assert.ok(Math.abs(share - 0.3) < 0.02, `dropped ${share}`);
    const padding = dropped.filter((_, place) => plain[place] === Vocabulary.padding);
    assert.ok(padding.length > 0 && padding.every((word) => word === Vocabulary.padding));
    assert.ok((await wordsWith(1, 1)).filter(isWord).every((word) => word === Vocabulary.unknown));
  });

  it('are found by name', () => {
    const sample = emoji.find(emoji.emoji[700]!.annotation);
    assert.equal(sample, 700);
    assert.throws(() => emoji.find('flying toaster'), /there is no emoji "flying toaster"/);
  });

  it('are drawn by both sets: pictures differ and none is blank', () => {
    for (const modality of ['openmoji', 'twemoji'] as const) {
      const blank = emoji.emoji.filter((_, sample) =>
        emoji.picture(modality, sample).pixels.every((value) => value === 255),
      );
      assert.deepEqual(blank, []);
    }
    assert.notDeepEqual(emoji.picture('openmoji', 0), emoji.picture('twemoji', 0));
  });

  it('refuse pictures of another number', () => {
    const few = { openmoji: new Uint8Array(3), twemoji: new Uint8Array(3) };
    assert.throws(
      () => new EmojiDataset(emojiCatalogue(), few, 'group'),
      /openmoji must have 5729280 bytes, got 3/,
    );
  });

  it('name a package that is not there', () => {
    assert.throws(
      () => packageFolder('no-such-emoji'),
      /no-such-emoji is not installed; run "npm run setup"/,
    );
  });
});

describe('rasterise', () => {
  it('draws on white', () => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8">
      <rect width="4" height="8" fill="#ff0000"/></svg>`;
    const pixels = rasterise(Buffer.from(svg));
    const at = (x: number, y: number) => [...pixels.slice(3 * (32 * y + x), 3 * (32 * y + x) + 3)];
    assert.deepEqual(at(3, 30), [255, 0, 0]);
    assert.deepEqual(at(28, 2), [255, 255, 255]);
  });

  it('refuses what is not square', () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 4"/>';
    assert.throws(() => rasterise(Buffer.from(svg)), /expected a square picture, got 32×16/);
  });
});

describe('the picture cache', () => {
  let folder: string;
  let cache: string;
  before(function () {
    this.timeout(60_000);
    folder = makeFolder();
    cache = path.join(folder, 'emoji.safetensors');
    const told: [number, number][] = [];
    makePictures((done, total) => told.push([done, total]), cache);
    assert.deepEqual(told.at(-1), [1865, 1865]);
  });
  after(() => {
    removeFolder(folder);
  });

  it('is written whole and read back the same as the project’s', () => {
    assert.deepEqual(readdirSync(folder), ['emoji.safetensors']);
    const [made, shipped] = [readPictures(cache), readPictures()];
    assert.ok(Buffer.from(made.openmoji).equals(shipped.openmoji));
    assert.ok(Buffer.from(made.twemoji).equals(shipped.twemoji));
  });

  it('is refused when absent, cut, changed or out of date, and says what to do', () => {
    const other = path.join(folder, 'other.safetensors');
    const refuse = (message: RegExp) => {
      assert.throws(() => readPictures(other), message);
    };
    refuse(/other.safetensors are not there; run "npm run setup" to make it/);
    const whole = readFileSync(cache);
    writeFileSync(other, whole.subarray(0, whole.length - 1000));
    refuse(/not a whole safetensors file: truncated.*run "npm run setup" to make it anew/);
    const changed = Buffer.from(whole);
    changed[changed.length - 5]! ^= 1;
    writeFileSync(other, changed);
    refuse(/damaged: its checksum does not fit; run "npm run setup"/);
    const { tensors, metadata } = readSafetensors(cache);
    writeSafetensors(other, tensors, { ...metadata, recipe: 'openmoji@1.0.0' });
    refuse(/out of date: made from openmoji@1.0.0, needed openmoji@17.0.0.*run "npm run setup"/);
    rmSync(other);
  });
});
