import assert from 'node:assert/strict';
import { quantileSorted } from 'simple-statistics';
import { Bootstrap } from '../../src/evaluation/bootstrap.js';
import { statisticOf } from '../../src/evaluation/evaluation.js';
import {
  balancedAccuracy,
  classificationMetrics,
  contributionsOf,
  meanCrossEntropy,
  measure as measureRows,
  sumOf,
  topAccuracy,
  type Contributions,
  type Metric,
} from '../../src/evaluation/metrics.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { crossEntropy } from '../../src/training/crossEntropy.js';
import { tolerance } from '../support/tolerances.js';

const rowsOf = (...rows: number[][]) => rows.map((row) => Float32Array.from(row));

function measure<Truth>(
  metric: Metric<Truth, Float32Array>,
  predictions: number[][],
  targets: Truth[],
) {
  return measureRows(metric, rowsOf(...predictions), targets);
}

const predictions = [
  [1, 3, 2],
  [-1, -5, -2],
  [0, 0, 9],
  [7, 1, 2],
];

/** Classification's metrics as they are written: of the contributions of the samples that count, one by one. */
const plainly: Record<string, (contributions: Contributions) => number> = {
  accuracy: meanOfFirst,
  'balanced accuracy': (contributions) => {
    const byClass = new Map<number, number[]>();
    for (const [right, label] of contributions) {
      byClass.set(label!, [...(byClass.get(label!) ?? []), right!]);
    }
    const recalls = [...byClass.values()].map((right) => sum(right) / right.length);
    return sum(recalls) / recalls.length;
  },
  'cross-entropy': meanOfFirst,
};
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
function meanOfFirst(contributions: Contributions): number {
  return sum(contributions.map(([value]) => value!)) / contributions.length;
}

describe('metrics', () => {
  it('accuracy counts the largest logits', () => {
    assert.equal(measure(topAccuracy, predictions, [1, 0, 0, 0]), 3 / 4);
    assert.equal(measure(topAccuracy, predictions, [1, 0, 2, 0]), 1);
  });

  it('balanced accuracy is the mean over classes that have samples', () => {
    // Class 0: two of three right; class 1: one of one; there is none of class 2.
    assert.equal(measure(balancedAccuracy, predictions, [1, 0, 0, 0]), (2 / 3 + 1) / 2);
    assert.equal(measure(balancedAccuracy, predictions, [0, 1, 1, 2]), 0);
  });

  it('cross-entropy is that of training', async () => {
    const labels = [1, 0, 0, 2];
    const loss = crossEntropy(tf.tensor(predictions), tf.tensor1d(labels, 'int32'));
    const expected = (await loss.data())[0]!;
    const actual = measure(meanCrossEntropy, predictions, labels);
    assert.ok(Math.abs(actual / expected - 1) < tolerance('layer'), `${actual} and ${expected}`);
    // ln 2, and logits whose exponentials are more than there are numbers.
    assert.equal(measure(meanCrossEntropy, [[0, 0]], [1]), Math.LN2);
    assert.equal(measure(meanCrossEntropy, [[1000, 0]], [1]), 1000);
  });

  it('can be of another kind than means over samples', () => {
    // The IoU of one class over the pixels of all samples, as it is computed of a whole test set.
    const intersectionOverUnion: Metric<readonly number[], Float32Array> = {
      name: 'IoU',
      higherIsBetter: true,
      isShare: true,
      contribution: (prediction, target) => [
        target.filter((pixel, place) => pixel && prediction[place]).length,
        target.filter((pixel, place) => pixel || prediction[place]).length,
      ],
      combine: ([both, either], samples) => sumOf(both!, samples) / sumOf(either!, samples),
    };
    const masks = [
      [1, 0, 0],
      [1, 1, 1],
    ];
    const truth = [
      [1, 1, 0],
      [1, 1, 1],
    ];
    assert.equal(measure(intersectionOverUnion, masks, truth), 4 / 5);
  });

  it('have intervals that are the plain ones to the last bit', () => {
    const [count, classes, seed, resamples] = [61, 5, 4, 300];
    const random = stream(seed, 'logits');
    const labels = Array.from({ length: count }, () => random.integer(classes));
    const logits = labels.map((label) =>
      Float32Array.from({ length: classes }, (_, one) => random.normal() + Number(one === label)),
    );
    const bootstrap = new Bootstrap(count, { seed, resamples });
    for (const metric of classificationMetrics) {
      const contributions = contributionsOf(metric, logits, labels);
      const combine = plainly[metric.name]!;
      // Every metric draws its samples anew, and takes their contributions together.
      const draws = stream(seed, 'bootstrap');
      const drawn = Array.from({ length: resamples }, () =>
        combine(Array.from({ length: count }, () => contributions[draws.integer(count)]!)),
      );
      drawn.sort((a, b) => a - b);
      const interval = bootstrap.interval(
        statisticOf(metric, [{ contributions: { [metric.name]: contributions } }]),
      );
      assert.deepEqual(interval, {
        value: combine(contributions),
        low: quantileSorted(drawn, (1 - 0.95) / 2),
        high: quantileSorted(drawn, 1 - (1 - 0.95) / 2),
      });
      assert.ok(interval.low < interval.high);
    }
  });

  it('name what is wrong', () => {
    assert.throws(
      () => measure(balancedAccuracy, predictions, [1]),
      /balanced accuracy: 4 predictions for 1 labels/,
    );
    assert.throws(() => measure(meanCrossEntropy, [], []), /cross-entropy: 0 predictions/);
  });
});
