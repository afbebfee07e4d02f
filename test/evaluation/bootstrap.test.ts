import assert from 'node:assert/strict';
import {
  bootstrapInterval,
  type IntervalOptions,
  type Places,
} from '../../src/evaluation/bootstrap.js';
import { stream } from '../../src/tensor/random.js';

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const meanInterval = (values: readonly number[], options: IntervalOptions) =>
  bootstrapInterval(
    values.length,
    (samples) => mean(Array.from(samples, (sample) => values[sample]!)),
    options,
  );

function normals(count: number, name: string): number[] {
  const random = stream(1, name);
  return Array.from({ length: count }, () => random.normal());
}

/** The smallest k of which P(X ≤ k) is at least p, X binomial. */
function binomialQuantile(count: number, probability: number, p: number): number {
  let mass = (1 - probability) ** count;
  let below = mass;
  let k = 0;
  while (below < p) {
    mass *= ((count - k) / (k + 1)) * (probability / (1 - probability));
    below += mass;
    k++;
  }
  return k;
}

/** Of a mean of many values, by the normal distribution. */
function normalHalfWidth(values: readonly number[]): number {
  const variance = mean(values.map((value) => (value - mean(values)) ** 2));
  return 1.959964 * Math.sqrt(variance / values.length);
}

describe('bootstrap intervals', () => {
  it('are a point where all samples are the same', () => {
    const correct = new Array<number>(50).fill(1);
    assert.deepEqual(meanInterval(correct, { seed: 1 }), { value: 1, low: 1, high: 1 });
  });

  it('of a share are the quantiles of the binomial distribution', () => {
    // How many of n drawn samples are right is binomial; the quantiles of many draws come to its own.
    const count = 200;
    for (const right of [100, 140, 190]) {
      const values = Array.from({ length: count }, (_, sample) => (sample < right ? 1 : 0));
      const { value, low, high } = meanInterval(values, { seed: 1, resamples: 20_000 });
      assert.equal(value, right / count);
      const exact = [0.025, 0.975].map((p) => binomialQuantile(count, value, p) / count);
      assert.ok(Math.abs(low - exact[0]!) <= 1 / count + 1e-12, `${low} against ${exact[0]}`);
      assert.ok(Math.abs(high - exact[1]!) <= 1 / count + 1e-12, `${high} against ${exact[1]}`);
    }
  });

  it('of a mean of many values are those of the normal distribution', () => {
    const values = normals(2000, 'values');
    const half = normalHalfWidth(values);
    const { value, low, high } = meanInterval(values, { seed: 1, resamples: 4000 });
    for (const end of [value - low, high - value]) {
      assert.ok(Math.abs(end / half - 1) < 0.06, `${end} against ${half}`);
    }
  });

  it('of a paired difference know what both have in common', () => {
    const samples = normals(1000, 'common');
    const before = normals(1000, 'before').map((value, index) => samples[index]! + 0.1 * value);
    const after = normals(1000, 'after').map((value, index) => samples[index]! + 0.1 * value);
    const { low, high } = bootstrapInterval(
      1000,
      (drawn) => mean(Array.from(drawn, (i) => after[i]! - before[i]!)),
      { seed: 1 },
    );
    const half = normalHalfWidth(after.map((value, index) => value - before[index]!));
    assert.ok(Math.abs((high - low) / (2 * half) - 1) < 0.1, `${high - low} against ${2 * half}`);
    // Without the pairing, both variances would add up.
    const { low: lowAlone, high: highAlone } = meanInterval(after, { seed: 1 });
    assert.ok(highAlone - lowAlone > 5 * (high - low));
  });

  it('cover the truth as often as they say', () => {
    // Of 1500 intervals, 94.1 % are to be expected that cover the mean of 60 values (Student's t with 59 degrees
    // of freedom within 1.96·√(59/60)), with a standard error of 0.6 %.
    const covered = (confidence: number, simulations: number) => {
      const random = stream(2, 'simulations');
      const intervals = Array.from({ length: simulations }, (_, seed) => {
        const values = Array.from({ length: 60 }, () => random.normal());
        const { low, high } = meanInterval(values, { seed, confidence, resamples: 500 });
        return low <= 0 && 0 <= high;
      });
      return intervals.filter(Boolean).length / simulations;
    };
    const at95 = covered(0.95, 1500);
    assert.ok(at95 > 0.92 && at95 < 0.98, `95 % intervals cover in ${at95}`);
    const at50 = covered(0.5, 500);
    assert.ok(at50 > 0.44 && at50 < 0.56, `50 % intervals cover in ${at50}`);
  });

  it('are the same for the same seed, and draw the same samples whatever is computed', () => {
    const values = normals(30, 'values');
    assert.deepEqual(meanInterval(values, { seed: 3 }), meanInterval(values, { seed: 3 }));
    assert.notDeepEqual(meanInterval(values, { seed: 3 }), meanInterval(values, { seed: 4 }));
    const drawn = (factor: number) => {
      const all: number[] = [];
      const keep = (samples: Places) => factor * all.push(...samples);
      bootstrapInterval(30, keep, { seed: 3, resamples: 5 });
      return all;
    };
    assert.deepEqual(drawn(2), drawn(1));
    assert.equal(drawn(1).length, 6 * 30);
  });

  it('name what is wrong', () => {
    const refuse = (options: Partial<IntervalOptions>, message: RegExp) => {
      assert.throws(() => meanInterval([1, 2], { seed: 1, ...options }), message);
    };
    refuse({ resamples: 0 }, /bootstrap: resamples must be a positive integer, got 0/);
    refuse({ confidence: 1 }, /bootstrap: confidence must be between 0 and 1, got 1/);
    assert.throws(() => meanInterval([], { seed: 1 }), /bootstrap: no samples/);
    assert.throws(() => meanInterval([1, NaN], { seed: 1 }), /the number to resample is NaN/);
  });
});
