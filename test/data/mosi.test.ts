import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { checkMosi } from '../../src/data/mosi/check.js';
import type { MosiLayout } from '../../src/data/mosi/layouts.js';
import { loadMosi } from '../../src/data/mosi/mosi.js';
import { projectRoot } from '../../src/files/paths.js';
import { readSafetensors } from '../../src/files/safetensors.js';
import { sentimentModalities } from '../../src/models/sentimentModalities.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { pythonOrSkip } from '../support/python.js';

const fixture = (name: string) => path.join(projectRoot, 'test', 'fixtures', 'mosi', name);
const counts = { train: 4, valid: 2, test: 3 };

const files: readonly (readonly [string, MosiLayout])[] = [
  ['unaligned_50', 'mmsa'],
  ['aligned_50', 'mmsa'],
  ['mosi_data_noalign', 'mult'],
];

/** What is done to the miniature in Python, and what the error says */
const broken: readonly (readonly [string, string, RegExp])[] = [
  ['a split that is absent', 'del d["valid"]', /\.pkl: valid must be a dict, got nothing/],
  ['a list in place of a split', 'd["test"] = [1]', /test must be a dict, got a list or tuple of 1/],
  ['a key that is absent', 'del d["valid"]["vision"]', /valid lacks the key "vision"; it has "raw_/],
  ['lengths that one split lacks', 'del d["test"]["audio_lengths"]', /test lacks the key "audio_len/],
  ['other counts of samples', 'd["valid"]["audio"] = d["test"]["audio"]', /valid: "audio" must be \[2, T, F\], as "regression_labels" has 2 samples, got an array float64 \[3, 9, 3\]/],
  ['other counts of ids', 'd["valid"]["id"] = ["a"]', /valid: "id" must have a text for each of 2 samples, got a list or tuple of 1/],
  ['other counts of lengths', 'd["test"]["audio_lengths"] = [1]', /test: "audio_lengths" must have a number for each of 3/],
  ['features without time', 'd["train"]["text"] = d["train"]["text"][:, 0]', /train: "text" must be \[4, T, F\].*float32 \[4, 5\]/],
  ['other features in a split', 'd["test"]["text"] = d["test"]["text"][:, :, 1:]', /test: "text" must be \[3, 6, 5\], as in train, got \[3, 6, 4\]/],
  ['features as a list', 'd["train"]["audio"] = d["train"]["audio"].tolist()', /train: "audio" must be an array \[4, T, F\]/],
  ['features that are texts', 'd["train"]["text"] = d["train"]["text"].astype("U9")', /train: "text" must hold numbers, and holds "/],
  ['no features', 'd["train"]["text"] = d["train"]["text"][:, :0]', /"text" must be \[4, T, F\].*float32 \[4, 0, 5\]/],
  ['NaN in audio', 'd["valid"]["audio"][1, 7, 2] = np.nan', /valid: "audio" holds NaN at sample 1, step 7, feature 2/],
  ['infinity in audio', 'd["valid"]["audio"][1, 7, 2] = np.inf', /valid: "audio" holds Infinity at sample 1, step 7, feature 2/],
  ['minus infinity in vision', 'd["test"]["vision"][2, 0, 3] = -np.inf', /test: "vision" holds -Infinity at sample 2, step 0, feature 3/],
  ['what float32 does not hold', 'd["test"]["audio"][0, 0, 0] = 1e300', /test: "audio" holds Infinity at sample 0/],
  ['a label that is too large', 'd["valid"]["regression_labels"][1] = 3.5', /valid: "regression_labels" of sample 1 is 3\.5, expected −3 to 3/],
  ['a label that is none', 'd["valid"]["regression_labels"][0] = np.nan', /"regression_labels" of sample 0 is NaN/],
  ['two labels of a sample', 'd["test"]["regression_labels"] = np.zeros((3, 2))', /test: "regression_labels" must have a number for each of 3/],
  ['labels that are texts', 'd["test"]["regression_labels"] = ["a", "b", "c"]', /"regression_labels" must hold numbers, and holds "a"/],
  ['a length of too many steps', 'd["train"]["audio_lengths"][2] = 10', /train: "audio_lengths" of sample 2 is 10, expected 0 to 9/],
  ['half a step', 'd["train"]["audio_lengths"][2] = 0.5', /"audio_lengths" of sample 2 is 0\.5/],
  ['words of another count', 'd["train"]["text_bert"] = d["train"]["text_bert"][:, :2]', /"text_bert" must be an array \[4, 3, 6\], got an array float32 \[4, 2, 6\]/],
  ['ids that are numbers', 'd["train"]["id"] = np.arange(4)', /"id" must hold texts, and holds 0/],
  ['no samples', 'd["valid"]["regression_labels"] = []', /valid: "regression_labels" has no samples/],
  ['no dict', 'd = [1, 2]', /must be a dict of splits, got a list or tuple of 2/],
]; // prettier-ignore

const script = `
import pickle, sys
import numpy as np
def load():
    with open(sys.argv[1], 'rb') as file: return pickle.load(file)
def dump(name, value, protocol=4):
    with open(name, 'wb') as file: pickle.dump(value, file, protocol=protocol)
for index, code in enumerate(sys.argv[2:]):
    scope = {'d': load(), 'np': np}
    exec(code, scope)
    dump(f'{index}.pkl', scope['d'])
d = load()
for fields in d.values():
    fields['regression_labels'] = [np.float64(x) for x in fields['regression_labels'].astype(np.float64)]
    fields['audio_lengths'] = np.array(fields['audio_lengths'], dtype=object)
    fields['vision_lengths'] = [np.int64(x) for x in fields['vision_lengths']]
    fields['vision'] = np.asfortranarray(fields['vision'].astype('>f8'))
    fields['text'] = fields['text'].astype(np.int64)
dump('types.pkl', d)
def real(shape, start): return (np.arange(start * np.prod(shape), (start + 1) * np.prod(shape)) / 7).reshape(1, *shape)
whole = {split: {
    'text': real((50, 768), index).astype(np.float32), 'audio': real((375, 5), index), 'vision': real((500, 20), index),
    'raw_text': np.array(['x']), 'id': ['v$_$1'], 'audio_lengths': [375], 'vision_lengths': [500],
    'text_bert': np.ones((1, 3, 50), dtype=np.float32), 'regression_labels': np.zeros(1, dtype=np.float32),
} for index, split in enumerate(('train', 'valid', 'test'))}
for protocol in (2, 4, 5): dump(f'real.{protocol}.pkl', whole, protocol)
`;

describe('CMU-MOSI', () => {
  for (const [name, layout] of files) {
    it(`has the values that the reference's loader has (${name})`, () => {
      const dataset = loadMosi(fixture(`${name}.pkl`), layout);
      const { tensors } = readSafetensors(fixture(`${name}.expected.safetensors`));
      for (const modality of sentimentModalities) {
        const { length, features, values, lengths } = dataset.sequences[modality];
        const expected = tensors.get(modality)!;
        assert.deepEqual([9, length, features], expected.shape, modality);
        assert.deepEqual(values, expected.values, modality);
        const steps = tensors.get(`${modality}_lengths`);
        if (steps) assert.deepEqual([...lengths!], [...steps.values], modality);
        else if (modality !== 'text' || layout === 'mult') assert.equal(lengths, undefined);
      }
      const labels = tensors.get('regression_labels') ?? tensors.get('labels')!;
      assert.deepEqual(dataset.labels, labels.values);
      assert.deepEqual(dataset.splits, {
        train: [0, 1, 2, 3],
        validation: [4, 5],
        test: [6, 7, 8],
      });
    });
  }

  it('counts the words of a text by the mask of BERT', () => {
    const { text } = loadMosi(fixture('unaligned_50.pkl'), 'mmsa').sequences;
    const each = text.length * text.features;
    for (const [sample, words] of text.lengths!.entries()) {
      const values = text.values.subarray(sample * each, (sample + 1) * each);
      // What is padding is zero, and nothing else is.
      const padding = values.subarray(words * text.features);
      assert.ok(values.slice(0, words * text.features).every((value) => value !== 0));
      assert.ok(padding.every((value) => value === 0));
    }
  });

  it('has ids and what is said', () => {
    const clips = Object.entries(counts).flatMap(([split, count]) =>
      Array.from({ length: count }, (_, index) => [split, index] as const),
    );
    for (const name of ['unaligned_50', 'aligned_50']) {
      const { ids, texts } = loadMosi(fixture(`${name}.pkl`), 'mmsa');
      assert.deepEqual(
        ids,
        clips.map(([split, index]) => `${split}$_$${index}`),
      );
      assert.deepEqual(
        texts,
        clips.map(([split, index]) => `${split} says ${index}: naïve ☕`),
      );
    }
    const { ids, texts } = loadMosi(fixture('mosi_data_noalign.pkl'), 'mult');
    assert.deepEqual(
      ids,
      clips.map(([split, index]) => `${split}ü$_$${index}.5$_$${index + 1}`),
    );
    assert.equal(texts, undefined);
  });

  it('says what is in a file', () => {
    const report = checkMosi(fixture('unaligned_50.pkl'), 'mmsa');
    const { negativeInfinities, ...rest } = report;
    assert.deepEqual(rest, {
      samples: { train: 4, validation: 2, test: 3 },
      zeroLabels: { train: 1, validation: 0, test: 1 },
      sequences: {
        text: { length: 6, features: 5, lengths: true },
        audio: { length: 9, features: 3, lengths: true },
        vision: { length: 11, features: 4, lengths: true },
      },
    });
    assert.ok(negativeInfinities > 0);
    const other = checkMosi(fixture('mosi_data_noalign.pkl'), 'mult');
    assert.equal(other.sequences.audio.lengths, false);
  });

  it('refuses a layout that there is not', () => {
    assert.throws(() => loadMosi(fixture('unaligned_50.pkl'), 'MulT' as 'mult'), {
      message: /unaligned_50\.pkl: the layout must be mmsa or mult, got MulT$/,
    });
  });

  it('refuses a file in the other layout', () => {
    assert.throws(
      () => loadMosi(fixture('unaligned_50.pkl'), 'mult'),
      /unaligned_50\.pkl: train lacks the key "labels"; it has "raw_text", "audio", "vision", "id"/,
    );
    assert.throws(
      () => loadMosi(fixture('mosi_data_noalign.pkl'), 'mmsa'),
      /train lacks the key "regression_labels"/,
    );
    assert.throws(
      () => loadMosi(fixture('kinds.4.pkl'), 'mmsa'),
      /kinds\.4\.pkl: train must be a dict, got nothing/,
    );
  });

  describe('of a Python with numpy', function () {
    this.timeout(120_000);
    let folder: string;
    before(function () {
      folder = makeFolder();
      const python = pythonOrSkip(this, 'numpy');
      const names = broken.map(([, code]) => code);
      const parameters = ['-c', script, fixture('unaligned_50.pkl'), ...names];
      const { status, stderr } = spawnSync(python, parameters, { cwd: folder, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    });
    after(() => {
      removeFolder(folder);
    });

    broken.forEach(([name, , message], index) => {
      it(`refuses ${name}`, () => {
        assert.throws(() => loadMosi(path.join(folder, `${index}.pkl`), 'mmsa'), { message });
      });
    });

    it('takes other types and lists', () => {
      const { labels, sequences } = loadMosi(path.join(folder, 'types.pkl'), 'mmsa');
      const plain = loadMosi(fixture('unaligned_50.pkl'), 'mmsa');
      assert.deepEqual(labels, plain.labels);
      assert.deepEqual(sequences.audio.lengths, plain.sequences.audio.lengths);
      assert.deepEqual(sequences.vision.lengths, plain.sequences.vision.lengths);
      assert.deepEqual(sequences.vision.values, plain.sequences.vision.values);
      assert.deepEqual(
        [...sequences.text.values],
        [...plain.sequences.text.values].map((value) => Math.trunc(value) + 0),
      );
    });

    for (const protocol of [2, 4, 5]) {
      it(`reads samples of the real size (protocol ${protocol})`, () => {
        const { sequences, labels } = loadMosi(path.join(folder, `real.${protocol}.pkl`), 'mmsa');
        const shapes = sentimentModalities.map((name) => {
          const { length, features } = sequences[name];
          return [length, features];
        });
        assert.deepEqual(shapes, [[50, 768], [375, 5], [500, 20]]); // prettier-ignore
        assert.equal(labels.length, 3);
        for (const name of sentimentModalities) {
          const { values } = sequences[name];
          const wrong = values.findIndex((value, index) => value !== Math.fround(index / 7));
          assert.equal(wrong, -1, name);
        }
      });
    }
  });
});
