/** Logits of data that are fetched: in order, and never more of them fetched than are needed. */
import assert from 'node:assert/strict';
import type { SampleDataset } from '../../src/data/dataset.js';
import { predictLogits, predictLogitsEach } from '../../src/evaluation/accuracy.js';
import type { Predictor } from '../../src/evaluation/predictors.js';
import { tf } from '../../src/tensor/tf.js';
import { standInCell } from '../support/kernel.js';

/** A data set of numbers that counts how many are fetched and not used. */
class CountingDataset implements SampleDataset {
  readonly name = 'numbers';
  readonly modalities = ['one', 'other'];
  readonly classes = ['a', 'b'];
  readonly splits = { train: [], validation: [], test: [] };
  readonly labels = new Int32Array(samples.length);
  readonly fetched = new Set<number>();
  most = 0;

  /** @param broken the sample that cannot be fetched */
  constructor(
    readonly largestBatch: number | undefined,
    private readonly broken?: number,
  ) {}

  async fetch(wanted: readonly number[]): Promise<void> {
    for (const sample of wanted) this.fetched.add(sample);
    this.most = Math.max(this.most, this.fetched.size);
    await Promise.resolve();
    if (this.broken === undefined || !wanted.includes(this.broken)) return;
    this.forget(wanted);
    throw new Error(`sample ${this.broken} is broken`);
  }

  forget(unused: readonly number[]): void {
    for (const sample of unused) assert.ok(this.fetched.delete(sample));
  }

  inputs(used: readonly number[]) {
    this.forget(used);
    return { one: tf.tensor2d([...used], [used.length, 1]) };
  }
}

const samples = Array.from({ length: 1000 }, (_, sample) => sample);

/** A sample's number, and how many modalities it lacks */
const predictor: Predictor = ({ one }, masked) =>
  tf.concat([one!, tf.fill(one!.shape, masked.length)], 1);

describe('logits of data that are fetched', () => {
  const cell = standInCell();

  it('are those of the samples in their order, of two batches at a time', async () => {
    for (const [largestBatch, most] of [
      [undefined, 128],
      [16, 32],
      [7, 14],
    ]) {
      const dataset = new CountingDataset(largestBatch);
      const before = tf.memory().numTensors;
      const rows = await predictLogits(predictor, dataset, samples, ['other']);
      assert.deepEqual(
        rows.map((row) => [...row]),
        samples.map((sample) => [sample, 1]),
      );
      assert.equal(tf.memory().numTensors, before);
      assert.deepEqual([dataset.most, dataset.fetched.size], [most, 0]);
    }
  });

  it('are so where each sample lacks modalities of its own', async () => {
    const dataset = new CountingDataset(16);
    const missing = samples.map((sample) => (sample % 3 === 0 ? ['other'] : []));
    const rows = await predictLogitsEach(predictor, dataset, samples, missing);
    assert.deepEqual(
      rows.map((row) => [...row]),
      samples.map((sample) => [sample, sample % 3 === 0 ? 1 : 0]),
    );
    assert.deepEqual([dataset.most, dataset.fetched.size], [32, 0]);
  });

  it('leave nothing fetched behind when a sample cannot be fetched', async () => {
    const dataset = new CountingDataset(16, 200);
    await assert.rejects(predictLogits(predictor, dataset, samples, []), /sample 200 is broken/);
    assert.equal(dataset.fetched.size, 0);
  });

  it('leave nothing fetched behind when they are interrupted', async () => {
    const dataset = new CountingDataset(16);
    const reason = new Error('interrupted by the reader');
    let batches = 0;
    const interrupting: Predictor = (inputs, masked) => {
      if (++batches === 5) cell.interrupt(reason);
      return predictor(inputs, masked);
    };
    const predicting = predictLogits(interrupting, dataset, samples, []);
    await assert.rejects(predicting, (error) => error === reason);
    assert.deepEqual([batches, dataset.fetched.size], [5, 0]);
    cell.restart();
  });
});
