/** Segmentation metrics against a count of all pixels, one by one, and by hand. */
import assert from 'node:assert/strict';
import { ignoredLabel, type SegmentationDataset } from '../../src/data/dataset.js';
import { evaluateScenarios } from '../../src/evaluation/evaluate.js';
import { measure, type ClassMap } from '../../src/evaluation/metrics.js';
import {
  iouByClass,
  meanAccuracy,
  meanF1,
  meanIou,
  meanIouOfPresent,
  pixelAccuracy,
} from '../../src/evaluation/segmentationMetrics.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';

const map = (classes: number, ...pixels: number[]): ClassMap => ({
  classes,
  pixels: Int32Array.from(pixels),
});
const labels = (...values: number[]) => Int32Array.from(values);
const close = (actual: number, expected: number) => {
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} and not ${expected}`);
};

describe('segmentation metrics', () => {
  const classes = 6;
  const random = stream(3, 'pixels');
  const draw = (below: number) => random.integer(below);
  // Class 4 is answered but never there, class 5 is neither.
  const truths = Array.from({ length: 4 }, () =>
    Int32Array.from({ length: 50 }, () => (draw(9) === 0 ? ignoredLabel : draw(4))),
  );
  const answers = truths.map((truth) =>
    map(classes, ...Array.from(truth, (label) => (draw(2) && label < 4 ? label : draw(5)))),
  );
  const pixels = truths.flatMap((truth, image) =>
    Array.from(truth, (label, place) => ({ label, answer: answers[image]!.pixels[place]! })),
  );
  const valid = pixels.filter(({ label }) => label !== ignoredLabel);
  const count = (is: (pixel: { label: number; answer: number }) => boolean) =>
    valid.filter(is).length;
  const right = (own: number) => count(({ label, answer }) => label === own && answer === own);
  const either = (own: number) => count(({ label, answer }) => label === own || answer === own);
  const actual = (own: number) => count(({ label }) => label === own);
  const answered = (own: number) => count(({ answer }) => answer === own);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

  it('are those of all pixels together', () => {
    const ious = [0, 1, 2, 3, 4].map((own) => right(own) / either(own));
    close(measure(meanIou, answers, truths), sum(ious) / 6);
    close(measure(meanIouOfPresent, answers, truths), sum(ious) / 5);
    const f1 = [0, 1, 2, 3].map((own) => (2 * right(own)) / (actual(own) + answered(own)));
    close(measure(meanF1, answers, truths), sum(f1) / 6);
    close(
      measure(meanAccuracy, answers, truths),
      sum([0, 1, 2, 3].map((own) => right(own) / actual(own))) / 6,
    );
    close(
      measure(pixelAccuracy, answers, truths),
      count(({ label, answer }) => label === answer) / valid.length,
    );
    const byClass = iouByClass(answers, truths);
    ious.forEach((iou, own) => {
      close(byClass[own]!, iou);
    });
    assert.ok(Number.isNaN(byClass[5]));
  });

  it('count a class that is neither there nor answered as 0, as the reference does', () => {
    const perfect = map(4, 0, 0, 1);
    assert.equal(measure(meanIou, [perfect], [labels(0, 0, 1)]), 0.5);
    assert.equal(measure(meanIouOfPresent, [perfect], [labels(0, 0, 1)]), 1);
  });

  it('leave pixels without a class out, whatever is answered there', () => {
    const truth = [labels(0, ignoredLabel, 1)];
    for (const answer of [0, 1, 2]) {
      assert.equal(measure(meanIouOfPresent, [map(3, 0, answer, 1)], truth), 1);
    }
  });

  it('name what does not fit', () => {
    assert.throws(
      () => measure(meanIou, [map(3, 0, 1)], [labels(0)]),
      /segmentation: 2 pixels for 1 labels/,
    );
    assert.throws(
      () => measure(meanIou, [map(3, 0)], [labels(3)]),
      /segmentation: label 3 is none of 3 classes/,
    );
  });

  it('are measured in every scenario, without logits of pixels ever being kept', async () => {
    // Each of two modalities says the class of a pixel, and the second is wrong about class 1.
    const truth = [0, 1, 2, ignoredLabel];
    const says = (values: number[], count: number) =>
      tf.tile(tf.tensor4d(values, [1, 2, 2, 1]), [count, 1, 1, 1]);
    const dataset: SegmentationDataset = {
      task: 'segmentation',
      name: 'squares',
      modalities: ['sharp', 'blunt'],
      classes: ['a', 'b', 'c'],
      splits: { train: [], validation: [], test: [0, 1, 2] },
      largestBatch: 2,
      inputs: (samples) => ({
        sharp: says([0, 1, 2, 0], samples.length),
        blunt: says([0, 2, 2, 0], samples.length),
      }),
      labelled: (samples) => ({
        inputs: dataset.inputs(samples),
        labels: tf.tile(tf.tensor3d(truth, [1, 2, 2], 'int32'), [samples.length, 1, 1]),
      }),
    };
    const before = tf.memory().numTensors;
    const evaluation = await evaluateScenarios(
      (inputs, masked) => {
        const seen = inputs[masked.includes('sharp') ? 'blunt' : 'sharp']!;
        return tf.oneHot(tf.cast(tf.squeeze(seen, [3]), 'int32'), 3);
      },
      dataset,
      { split: 'test', seed: 1, resamples: 10 },
    );
    assert.equal(tf.memory().numTensors, before);
    const of = (row: number) => evaluation.rows[row]!.metrics.mIoU!.value;
    assert.deepEqual(
      evaluation.rows.map(({ name }) => name),
      ['sharp + blunt', 'blunt', 'sharp'],
    );
    assert.equal(of(0), 1);
    close(of(1), (1 + 0 + 1 / 2) / 3);
    assert.equal(of(2), 1);
    assert.equal(evaluation.rows[2]!.contributions.mIoU!.length, 3);
  });
});
