import assert from 'node:assert/strict';
import { stratifiedSplit } from '../../src/data/split.js';
import { ShuffledBatches, type BatchesState } from '../../src/data/dataset.js';
import { Vocabulary, wordsOf } from '../../src/data/vocabulary.js';
import { stream } from '../../src/tensor/random.js';

describe('stratifiedSplit', () => {
  // Class c has c + 1 samples.
  const labels = Array.from({ length: 60 }, (_, c) => Array<number>(c + 1).fill(c)).flat();
  const shares = { validation: 0.1, test: 0.25 };
  const split = stratifiedSplit(labels, shares, 1);

  it('puts every sample into exactly one split', () => {
    const all = [...split.train, ...split.validation, ...split.test].sort((a, b) => a - b);
    assert.deepEqual(all, [...labels.keys()]);
  });

  it('keeps the shares of every class, and something of each for training', () => {
    for (let c = 0; c < 60; c++) {
      const count = (samples: readonly number[]) => samples.filter((s) => labels[s] === c).length;
      assert.ok(count(split.train) >= 1, `class ${c}`);
      assert.ok(Math.abs(count(split.test) - 0.25 * (c + 1)) <= 0.5 + (c === 1 ? 0.5 : 0));
      assert.ok(Math.abs(count(split.validation) - 0.1 * (c + 1)) <= 0.5);
    }
    assert.equal(split.test.filter((s) => labels[s] === 0).length, 0);
  });

  it('depends on the seed and on nothing else', () => {
    assert.deepEqual(stratifiedSplit(labels, shares, 1), split);
    assert.notDeepEqual(stratifiedSplit(labels, shares, 2), split);
  });
});

describe('ShuffledBatches', () => {
  it('show every sample once an epoch, in new orders', () => {
    const samples = Array.from({ length: 10 }, (_, i) => 100 + i);
    const batches = new ShuffledBatches(samples, 5, stream(1, 'batches'));
    const epochs = [1, 2].map(() => [batches.next().value, batches.next().value].flat());
    for (const epoch of epochs) assert.deepEqual([...epoch].sort(), samples);
    assert.notDeepEqual(epochs[0], epochs[1]);
  });

  it('leave an incomplete batch out and refuse too few samples', () => {
    const batches = new ShuffledBatches([1, 2, 3], 2, stream(1, 'batches'));
    for (let i = 0; i < 5; i++) assert.equal(batches.next().value.length, 2);
    assert.throws(
      () => new ShuffledBatches([1], 2, stream(1, 'b')),
      /1 samples do not fill a batch of 2/,
    );
  });

  it('go on from where they were', () => {
    const samples = Array.from({ length: 11 }, (_, i) => i);
    const batches = new ShuffledBatches(samples, 4, stream(1, 'batches'));
    for (let drawn = 0; drawn < 7; drawn++) {
      const state = JSON.parse(JSON.stringify(batches.state())) as BatchesState;
      const again = new ShuffledBatches(samples, 4, stream(2, 'others'));
      again.restore(state);
      const next = Array.from({ length: 7 }, () => again.next().value);
      batches.restore(state);
      assert.deepEqual(
        Array.from({ length: 7 }, () => batches.next().value),
        next,
      );
      batches.restore(state);
      batches.next();
    }
  });
});

describe('words', () => {
  it('are lower case, once each, without punctuation', () => {
    assert.deepEqual(wordsOf('Flag: Åland Islands, flag (AX) 100%'), [
      'flag',
      'åland',
      'islands',
      'ax',
      '100',
    ]);
    assert.deepEqual(wordsOf('…'), []);
  });

  it('become integers of the training split’s vocabulary', () => {
    const vocabulary = new Vocabulary([
      ['b', 'a'],
      ['c', 'a'],
    ]);
    assert.deepEqual(vocabulary.words, ['', '<unknown>', 'a', 'b', 'c']);
    assert.deepEqual([...vocabulary.encode(['c', 'z', 'a'], 5)], [4, 1, 2, 0, 0]);
    assert.deepEqual([...vocabulary.encode(['c', 'b', 'a'], 2)], [4, 3]);
  });
});
