/** Errors of projected tokens against sums over all samples in plain numbers. */
import assert from 'node:assert/strict';
import type { Dataset } from '../../src/data/dataset.js';
import { LinearProjection } from '../../src/baselines/linearProjection.js';
import { meanSquaredError } from '../../src/evaluation/alignment.js';
import { allScenarios, scenarioOf } from '../../src/evaluation/scenarios.js';
import { meanTokens, referenceErrors, tokenErrors } from '../../src/evaluation/tokenErrors.js';
import { Mmp } from '../../src/mmp/mmp.js';
import type { Projector } from '../../src/mmp/projector.js';
import { SmallVilt } from '../../src/models/smallVilt.js';
import type { Tokens } from '../../src/models/base.js';
import { tf } from '../../src/tensor/tf.js';
import { standInCell } from '../support/kernel.js';
import { assertSteady } from '../support/leaks.js';
import { tolerance } from '../support/tolerances.js';

const names = ['photo', 'words', 'tags'];
const count = 40;
const width = 12;

describe('errors of tokens', () => {
  const cell = standInCell();
  let base: SmallVilt;
  let projectors: Record<string, Projector>;
  let all: Record<string, tf.Tensor>;
  before(() => {
    const kind = 'words' as const;
    base = new SmallVilt(
      {
        modalities: [
          { kind: 'picture', name: 'photo', size: 8, patch: 4 },
          { kind, name: 'words', length: 5, vocabulary: 9 },
          { kind, name: 'tags', length: 3, vocabulary: 9 },
        ],
        ...{ width, heads: 2, layers: 1, mlpRatio: 2, classes: 2 },
      },
      1,
    );
    const { modalities } = base;
    projectors = {
      mmp: new Mmp({ modalities, width, heads: 2 }, 2),
      linear: new LinearProjection(modalities, 2),
    };
    all = {
      photo: tf.randomNormal([count, 8, 8, 3], 0, 1, 'float32', 1),
      words: tf.randomUniform([count, 5], 0, 9, 'int32', 2),
      tags: tf.randomUniform([count, 3], 0, 9, 'int32', 3),
    };
  });
  after(() => {
    tf.dispose(all);
    for (const { parameters } of [base, ...Object.values(projectors)]) parameters.dispose();
  });

  const batches: number[][] = [];
  const dataset: Dataset = {
    name: 'toy',
    modalities: names,
    classes: ['x', 'y'],
    labels: new Int32Array(count),
    splits: { train: [], validation: [], test: [] },
    // 17 samples are 7, 7 and 3.
    largestBatch: 7,
    inputs: (batch) => {
      batches.push([...batch]);
      const places = tf.tensor1d([...batch], 'int32');
      return Object.fromEntries(names.map((name) => [name, tf.gather(all[name]!, places)]));
    },
  };
  const samples = Array.from({ length: 17 }, (_, index) => (index * 11) % count);
  const training = [1, 3, 5, 7, 9, 11, 13, 15, 2];
  /** Real tokens of samples, all at once. */
  const embed = (of: readonly number[]) => base.embed(dataset.inputs(of));
  const read = async (tokens: Tokens) => {
    const entries = Object.entries(tokens).map(async ([name, one]) => [name, await one.data()]);
    return Object.fromEntries(await Promise.all(entries)) as Record<string, Float32Array>;
  };
  const assertNear = (what: string, actual: number, expected: number) => {
    const error = Math.abs(actual / expected - 1);
    assert.ok(error < tolerance('layer'), `${what}: ${actual}, not ${expected}`);
  };
  const meansOf = (values: Float32Array) => {
    const size = values.length / training.length;
    return Float64Array.from({ length: size }, (_, place) =>
      training.reduce(
        (sum, _sample, row) => sum + values[row * size + place]! / training.length,
        0,
      ),
    );
  };

  it('are those of all samples at once, by scenario and masked modality', async () => {
    const scenarios = [...allScenarios(names)].reverse();
    for (const [which, projector] of Object.entries(projectors)) {
      batches.length = 0;
      const errors = await tokenErrors(base, projector, dataset, samples, scenarios);
      // Each sample is asked for once, whatever there is of scenarios.
      assert.deepEqual(batches, [samples.slice(0, 7), samples.slice(7, 14), samples.slice(14)]);
      assert.deepEqual(
        errors.map(({ scenario, modality }) => [scenario, modality]),
        [
          ['photo', 'words'],
          ['photo', 'tags'],
          ['words', 'photo'],
          ['words', 'tags'],
          ['tags', 'photo'],
          ['tags', 'words'],
          ['photo + words', 'tags'],
          ['photo + tags', 'words'],
          ['words + tags', 'photo'],
        ],
      );
      const real = embed(samples);
      const realValues = await read(real);
      for (const { scenario, modality, error } of errors) {
        const { masked } = scenarios.find(({ name }) => name === scenario)!;
        const projected = await read(projector.projectTokens(real, masked));
        const expected = meanSquaredError(realValues[modality]!, projected[modality]!);
        assertNear(`${which}: ${modality} from ${scenario}`, error, expected);
      }
    }
  });

  it('of the mean token and of zeros are so, too', async () => {
    const means = await meanTokens(base, dataset, training);
    const [trained, real] = [await read(embed(training)), await read(embed(samples))];
    const values = await read(means);
    const references = await referenceErrors(base, dataset, samples, means);
    assert.deepEqual(
      references.map(({ modality }) => modality),
      names,
    );
    for (const { modality, meanToken, zero } of references) {
      const { tokens } = base.modalities.find(({ name }) => name === modality)!;
      assert.deepEqual(means[modality]!.shape, [tokens, width]);
      const expected = meansOf(trained[modality]!);
      expected.forEach((one, place) => {
        assert.ok(Math.abs(values[modality]![place]! - one) < tolerance('layer') * 10);
      });
      const own = real[modality]!;
      const repeated = own.map((_, place) => expected[place % expected.length]!);
      assertNear(`mean of ${modality}`, meanToken, meanSquaredError(own, repeated));
      assertNear(
        `zero of ${modality}`,
        zero,
        meanSquaredError(
          own,
          own.map(() => 0),
        ),
      );
    }
    tf.dispose(means);
  });

  it('of the mean token of the samples themselves are their variance', async () => {
    const means = await meanTokens(base, dataset, samples);
    const values = await read(means);
    for (const { modality, meanToken, zero } of await referenceErrors(
      base,
      dataset,
      samples,
      means,
    )) {
      const own = values[modality]!;
      const square = meanSquaredError(
        own,
        own.map(() => 0),
      );
      assertNear(`mean square of ${modality}`, meanToken + square, zero);
    }
    tf.dispose(means);
  });

  it('are 0 of a projector that knows the tokens, and 1 of one that is 1 beside', async () => {
    const offset = (by: number): Projector => ({
      modalities: base.modalities,
      parameters: base.parameters,
      projectTokens: (tokens, masked) =>
        Object.fromEntries(masked.map((name) => [name, tf.add(tokens[name]!, by)])),
    });
    const scenarios = allScenarios(names);
    for (const by of [0, 1]) {
      const errors = await tokenErrors(base, offset(by), dataset, samples, scenarios);
      for (const { error } of errors) assert.ok(Math.abs(error - by) < tolerance('layer'));
    }
  });

  it('keep no tensor', async () => {
    const scenarios = allScenarios(names);
    await assertSteady(() => tokenErrors(base, projectors.mmp!, dataset, samples, scenarios));
    await assertSteady(async () => {
      const means = await meanTokens(base, dataset, training);
      await referenceErrors(base, dataset, samples, means);
      tf.dispose(means);
    });
  });

  it('stop between two batches', async () => {
    const reason = new Error('interrupted');
    const interrupting: Dataset = {
      ...dataset,
      inputs: (batch) => {
        cell.interrupt(reason);
        return dataset.inputs(batch);
      },
    };
    const before = tf.memory().numTensors;
    batches.length = 0;
    for (const measure of [
      () => tokenErrors(base, projectors.mmp!, interrupting, samples, allScenarios(names)),
      () => meanTokens(base, interrupting, samples),
    ]) {
      await assert.rejects(measure(), (error) => error === reason);
      cell.restart();
    }
    assert.equal(batches.length, 2);
    assert.equal(tf.memory().numTensors, before);
  });

  it('name what is wrong', async () => {
    const { mmp } = projectors as { mmp: Mmp };
    const scenarios = allScenarios(names);
    await assert.rejects(
      tokenErrors(base, mmp, dataset, [], scenarios),
      /token errors: no samples/,
    );
    await assert.rejects(meanTokens(base, dataset, []), /token errors: no samples/);
    await assert.rejects(
      tokenErrors(base, mmp, dataset, samples, [scenarioOf(names, [])]),
      /tokenErrors: nothing is masked in any scenario/,
    );
    const { photo, ...others } = await meanTokens(base, dataset, training);
    await assert.rejects(
      referenceErrors(base, dataset, samples, others),
      /referenceErrors: no mean tokens of "photo"/,
    );
    await assert.rejects(
      referenceErrors(base, dataset, samples, { ...others, photo: tf.zeros([1, width]) }),
      /referenceErrors: photo must be \[4, 12\], got \[1, 12\]/,
    );
    tf.dispose([photo!, ...Object.values(others)]);
  });
});
