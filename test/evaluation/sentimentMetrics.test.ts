/** Metrics of sentiment against scikit-learn and numpy, and the numbers of the paper. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Bootstrap } from '../../src/evaluation/bootstrap.js';
import { statisticOf } from '../../src/evaluation/evaluation.js';
import { contributionsOf, measure, type Metric } from '../../src/evaluation/metrics.js';
import {
  correlation,
  has0Accuracy,
  has0F1,
  non0Accuracy,
  non0F1,
  sentimentMetrics,
} from '../../src/evaluation/sentimentMetrics.js';
import { stream } from '../../src/tensor/random.js';
import { fixtures } from '../support/fixtures.js';

interface Case {
  readonly name: string;
  readonly labels: readonly number[];
  readonly predictions: readonly number[];
  /** By metric; null where scikit-learn and numpy have no number */
  readonly expected: Readonly<Record<string, number | null>>;
}

const file = path.join(fixtures, 'sentimentMetrics', 'cases.json');
const cases = JSON.parse(readFileSync(file, 'utf8')) as Case[];

const measured = (metric: Metric, predictions: readonly number[], labels: readonly number[]) =>
  measure(
    metric,
    predictions.map((one) => Float32Array.of(one)),
    labels,
  );

const intervalOf = (metric: Metric, predictions: readonly number[], labels: readonly number[]) => {
  const rows = predictions.map((one) => Float32Array.of(one));
  const contributions = { [metric.name]: contributionsOf(metric, rows, labels) };
  const bootstrap = new Bootstrap(labels.length, { seed: 1, resamples: 200 });
  return bootstrap.interval(statisticOf(metric, [{ contributions }]));
};

/** Sentiments in fifths, some of them 0, and predictions that know something of them. */
function randomSentiments(count: number, seed: number) {
  const random = stream(seed, 'sentiments');
  const labels = Array.from({ length: count }, () => (random.integer(31) - 15) / 5);
  return { labels, predictions: labels.map((label) => label / 2 + random.normal()) };
}

describe('metrics of sentiment', () => {
  for (const { name, labels, predictions, expected } of cases) {
    it(`are those of scikit-learn and numpy: ${name}`, () => {
      assert.deepEqual(
        Object.keys(expected),
        sentimentMetrics.map((metric) => metric.name),
      );
      for (const metric of sentimentMetrics) {
        const actual = measured(metric, predictions, labels);
        // What is not defined there is 0 here.
        const wanted = expected[metric.name] ?? 0;
        assert.ok(Math.abs(actual - wanted) < 1e-14, `${metric.name}: ${actual}, not ${wanted}`);
      }
    });
  }

  it('give who always says positive the numbers of the paper’s Table 4', () => {
    // 656 of 686 clips are not neutral, and 277 of these positive.
    const labels = [277, 379, 30].flatMap((count, kind) =>
      new Array<number>(count).fill([1.5, -0.5, 0][kind]!),
    );
    const positive = labels.map(() => 0.1);
    const percent = (metric: Metric) => (100 * measured(metric, positive, labels)).toFixed(2);
    assert.deepEqual([percent(non0Accuracy), percent(non0F1)], ['42.23', '25.07']);
    assert.equal(measured(has0Accuracy, positive, labels), 307 / 686);
  });

  it('are what they are named', () => {
    const { labels, predictions } = randomSentiments(500, 1);
    const counted = labels.map((_, sample) => sample).filter((sample) => labels[sample] !== 0);
    const right = counted.filter((sample) => predictions[sample]! > 0 === labels[sample]! > 0);
    assert.ok(counted.length < 500);
    assert.equal(measured(non0Accuracy, predictions, labels), right.length / counted.length);
    // Neutral samples do not count, whatever is said of them.
    const other = predictions.map((one, sample) => (labels[sample] === 0 ? -9 * one : one));
    for (const metric of [non0Accuracy, non0F1]) {
      assert.equal(measured(metric, other, labels), measured(metric, predictions, labels));
    }
    assert.notEqual(
      measured(has0Accuracy, other, labels),
      measured(has0Accuracy, predictions, labels),
    );
  });

  it('do not depend on the order of samples, and count each as often as it is there', () => {
    const { labels, predictions } = randomSentiments(60, 2);
    const order = stream(3, 'order').shuffled([...labels.keys(), ...labels.keys()]);
    const taken = (values: readonly number[]) => order.map((place) => values[place]!);
    for (const metric of sentimentMetrics) {
      const [one, twice] = [
        measured(metric, predictions, labels),
        measured(metric, taken(predictions), taken(labels)),
      ];
      assert.ok(Math.abs(one - twice) < 1e-14, metric.name);
    }
  });

  it('of classes and correlation depend on nothing that they should not', () => {
    const { labels, predictions } = randomSentiments(200, 4);
    const larger = predictions.map((one) => 3 * one);
    for (const metric of [non0Accuracy, non0F1, has0Accuracy, has0F1]) {
      assert.equal(measured(metric, larger, labels), measured(metric, predictions, labels));
    }
    const r = measured(correlation, predictions, labels);
    const moved = measured(
      correlation,
      predictions.map((one) => -2 * one + 1),
      labels,
    );
    // Predictions are rounded to single precision.
    assert.ok(r > 0.3 && Math.abs(r + moved) < 1e-6, `${r} and ${moved}`);
  });

  it('have intervals where drawings have no sample that counts, or only constants', () => {
    const labels = [0, 0, 0, 2];
    for (const metric of sentimentMetrics) {
      const { value, low, high } = intervalOf(metric, [0.4, -1, 0.5, 1], labels);
      assert.ok(low <= value && value <= high, metric.name);
    }
    assert.deepEqual(intervalOf(non0Accuracy, [1, 1, 1, 1], labels), { value: 1, low: 0, high: 1 });
    // 0.1 has no exact mean, so that deviations from it are not exactly 0.
    const constant = new Array<number>(4).fill(0.1);
    assert.deepEqual(intervalOf(correlation, constant, labels), { value: 0, low: 0, high: 0 });
    for (const metric of [non0Accuracy, non0F1]) {
      assert.equal(measured(metric, [1, -1], [0, 0]), 0);
    }
  });

  it('refuse predictions that are not one number', () => {
    const refused = (prediction: number[], message: RegExp) => {
      for (const metric of sentimentMetrics) {
        assert.throws(() => measure(metric, [Float32Array.from(prediction)], [1]), message);
      }
    };
    refused([1, 2], /sentiment metrics: expected one finite number a sample, got \[1, 2\]/);
    refused([], /got \[\]/);
    refused([NaN], /got \[NaN\]/);
  });
});
