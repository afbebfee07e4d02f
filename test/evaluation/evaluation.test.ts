import assert from 'node:assert/strict';
import { accuracy, meanOverMissing } from '../../src/evaluation/accuracy.js';
import {
  cosineSimilarity,
  meanSquaredError,
  similarityByClass,
} from '../../src/evaluation/alignment.js';
import { meanOverHeads } from '../../src/evaluation/attention.js';
import { allScenarios, scenarioOf, scenariosNamed } from '../../src/evaluation/scenarios.js';
import { summarise } from '../../src/evaluation/statistics.js';
import { tf } from '../../src/tensor/tf.js';

describe('scenarios', () => {
  it('are all non-empty sets of available modalities, the whole first', () => {
    const scenarios = allScenarios(['a', 'b', 'c']);
    assert.equal(scenarios.length, 7);
    assert.equal(new Set(scenarios.map(({ name }) => name)).size, 7);
    assert.deepEqual(scenarios[0], { name: 'a + b + c', available: ['a', 'b', 'c'], masked: [] });
    const sizes = scenarios.map(({ masked }) => masked.length);
    assert.deepEqual(sizes, [0, 1, 1, 1, 2, 2, 2]);
    assert.equal(allScenarios(['a', 'b', 'c', 'd']).length, 15);
  });

  it('are named by what is available', () => {
    assert.equal(scenarioOf(['a', 'b', 'c'], ['b']).name, 'a + c');
    assert.throws(() => scenarioOf(['a'], ['a']), /every modality is missing/);
  });

  it('are known by their names again', () => {
    const scenarios = allScenarios(['a', 'b', 'c']);
    assert.deepEqual(scenariosNamed(scenarios.map(({ name }) => name)), scenarios);
  });
});

describe('accuracy', () => {
  it('counts the largest logits', () => {
    const rows = [
      [1, 3, 2],
      [-1, -5, -2],
      [0, 0, 9],
    ].map((row) => Float32Array.from(row));
    assert.equal(accuracy(rows, [1, 0, 0]), 2 / 3);
    assert.throws(() => accuracy(rows, [1]), /3 predictions for 1 labels/);
    assert.throws(() => accuracy([], []), /0 predictions/);
  });

  it('is averaged over the scenarios in which something is missing', () => {
    const scenarios = allScenarios(['a', 'b']);
    assert.equal(meanOverMissing({ 'a + b': 1, a: 0.25, b: 0.75 }, scenarios), 0.5);
  });
});

describe('alignment measures', () => {
  it('cosine similarity by hand', () => {
    assert.equal(cosineSimilarity([1, 0], [0, 2]), 0);
    assert.ok(Math.abs(cosineSimilarity([1, 2], [2, 4]) - 1) < 1e-12);
    assert.ok(Math.abs(cosineSimilarity([3, 4], [4, 3]) - 24 / 25) < 1e-12);
    assert.throws(() => cosineSimilarity([1], [1, 2]), /1 numbers against 2/);
  });

  it('is the mean per class', () => {
    const rows = (...values: number[][]) => values.map((row) => Float32Array.from(row));
    const real = rows([1, 0], [1, 0], [0, 1]);
    const projected = rows([1, 0], [0, 1], [0, -3]);
    const byClass = similarityByClass(real, projected, [7, 7, 2]);
    assert.deepEqual(
      [...byClass],
      [
        [7, 0.5],
        [2, -1],
      ],
    );
  });

  it('mean squared error by hand', () => {
    assert.equal(meanSquaredError([1, 2, 3], [1, 4, 0]), 13 / 3);
    assert.throws(() => meanSquaredError([1], []), /1 numbers against 0/);
  });
});

describe('meanOverHeads', () => {
  it('averages one sample', async () => {
    const weights = tf.tensor([
      [[[0, 1]], [[1, 0]]],
      [[[0.5, 0.5]], [[1, 0]]],
    ]);
    assert.deepEqual(await meanOverHeads(weights), [[0.5, 0.5]]);
    assert.deepEqual(await meanOverHeads(weights, 1), [[0.75, 0.25]]);
  });
});

describe('summarise', () => {
  it('gives mean, deviation and standard error', () => {
    const { mean, deviation, error } = summarise([2, 4, 9]);
    assert.equal(mean, 5);
    assert.ok(Math.abs(deviation - Math.sqrt(13)) < 1e-12);
    assert.ok(Math.abs(error - Math.sqrt(13 / 3)) < 1e-12);
    assert.equal(summarise([3]).deviation, 0);
    assert.throws(() => summarise([]), /no values/);
  });
});
