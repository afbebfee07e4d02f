import assert from 'node:assert/strict';
import {
  balancedAccuracy,
  contributionsOf,
  meanCrossEntropy,
  topAccuracy,
  type Metric,
} from '../../src/evaluation/metrics.js';
import { tf } from '../../src/tensor/tf.js';
import { crossEntropy } from '../../src/training/crossEntropy.js';
import { tolerance } from '../support/tolerances.js';

const rowsOf = (...rows: number[][]) => rows.map((row) => Float32Array.from(row));

function measure<Target>(metric: Metric<Target>, predictions: number[][], targets: Target[]) {
  return metric.combine(contributionsOf(metric, rowsOf(...predictions), targets));
}

const predictions = [
  [1, 3, 2],
  [-1, -5, -2],
  [0, 0, 9],
  [7, 1, 2],
];

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
    const intersectionOverUnion: Metric<readonly number[]> = {
      name: 'IoU',
      higherIsBetter: true,
      isShare: true,
      contribution: (prediction, target) => [
        target.filter((pixel, place) => pixel && prediction[place]).length,
        target.filter((pixel, place) => pixel || prediction[place]).length,
      ],
      combine: (counts) =>
        counts.reduce((sum, [both]) => sum + both!, 0) /
        counts.reduce((sum, [, either]) => sum + either!, 0),
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

  it('name what is wrong', () => {
    assert.throws(
      () => measure(balancedAccuracy, predictions, [1]),
      /balanced accuracy: 4 predictions for 1 labels/,
    );
    assert.throws(() => measure(meanCrossEntropy, [], []), /cross-entropy: 0 predictions/);
  });
});
