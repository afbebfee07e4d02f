/** A training of the emoji experiment, short and small: the same on every backend. */
import assert from 'node:assert/strict';
import { ShuffledBatches } from '../../src/data/dataset.js';
import { loadEmoji } from '../../src/data/emoji/emoji.js';
import { emojiBase, emojiMmp, emojiSettings } from '../../src/experiments/emoji.js';
import { mmpLosses } from '../../src/experiments/objectives.js';
import { sampleMasked } from '../../src/mmp/masking.js';
import { describeBackend, useBackend } from '../../src/tensor/backend.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { AdamW, adamWDefaults } from '../../src/training/adamw.js';
import { train, type TrainingRecord } from '../../src/training/train.js';
import { noNaN, skip } from '../support/skip.js';
import { tolerance } from '../support/tolerances.js';

const settings = { ...emojiSettings.quick, width: 16, heads: 2, layers: 1, batchSize: 8 };
const steps = 12;
const seed = 1;

/** Trains base and MMP together, with modalities and words hidden at random. */
async function trainBriefly(learningRate: number): Promise<TrainingRecord[]> {
  const dataset = loadEmoji(settings.labels);
  const base = emojiBase(dataset, settings, seed);
  const mmp = emojiMmp(base, settings, seed);
  const optimiser = new AdamW(
    [{ parameters: base.parameters }, { parameters: mmp.parameters, rate: 3 }],
    adamWDefaults,
  );
  const draws = (name: string) => stream(seed, name);
  // One small batch again and again: that is learnt within a few steps.
  const samples = new ShuffledBatches(
    dataset.splits.train,
    settings.batchSize,
    draws('batch'),
  ).next();
  const masking = draws('masking');
  const wordDropout = { probability: settings.wordDropout, random: draws('words') };
  try {
    return await train({
      steps,
      optimiser,
      learningRate: () => learningRate,
      losses: () => {
        const labels = tf.tensor1d(
          samples.value.map((sample) => dataset.labels[sample]!),
          'int32',
        );
        const masked = sampleMasked(dataset.modalities, { kind: 'uniform' }, masking);
        const inputs = dataset.inputs(samples.value, wordDropout);
        return mmpLosses(base, mmp, inputs, labels, masked, settings.alignmentWeight);
      },
    });
  } finally {
    optimiser.dispose();
    base.parameters.dispose();
    mmp.parameters.dispose();
  }
}

describe('a short training', () => {
  let records: TrainingRecord[];
  let tensors: number;
  before(async () => {
    const before = tf.memory().numTensors;
    records = await trainBriefly(2e-3);
    tensors = tf.memory().numTensors - before;
  });

  it('lowers the loss', () => {
    const task = records.map(({ losses }) => losses.task!);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value) / values.length;
    const [first, last] = [mean(task.slice(0, 3)), mean(task.slice(-3))];
    assert.ok(last < 0.9 * first, `task loss: first ${first}, last ${last}`);
  });

  it('keeps no tensor', () => {
    assert.equal(tensors, 0);
  });

  it('has the losses of another backend', async () => {
    const { name } = describeBackend();
    let others: TrainingRecord[];
    try {
      await useBackend(name === 'cpu' ? 'wasm' : 'cpu');
      others = await trainBriefly(2e-3);
    } finally {
      await useBackend(name);
    }
    for (const [step, { losses }] of records.entries()) {
      for (const [loss, expected] of Object.entries(others[step]!.losses)) {
        const error = Math.abs(losses[loss]! - expected) / Math.max(expected, 1e-6);
        const found = `step ${step}: ${loss} is ${losses[loss]} and elsewhere ${expected}`;
        assert.ok(error <= tolerance('training'), `${found}: ${error.toExponential(1)}`);
      }
    }
  });

  it('stops where it diverges', async function () {
    if (describeBackend().name === 'webgpu') skip(this, noNaN);
    const before = tf.memory().numTensors;
    await assert.rejects(
      trainBriefly(1e30),
      /training stopped: the loss "total" is NaN at step 1$/,
    );
    assert.equal(tf.memory().numTensors, before);
  });
});
