import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LinearProjection } from '../../src/baselines/linearProjection.js';
import type { Dataset } from '../../src/data/dataset.js';
import {
  accuracy,
  accuracyByScenario,
  predictLogits,
  predictLogitsEach,
} from '../../src/evaluation/accuracy.js';
import { bootstrapInterval, type Places, type Statistic } from '../../src/evaluation/bootstrap.js';
import { evaluateScenarios } from '../../src/evaluation/evaluate.js';
import { evaluationSchema } from '../../src/evaluation/evaluation.js';
import { drawMissing, parseTable } from '../../src/evaluation/missingTables.js';
import { basePredictor, mmpPredictor, type Predictor } from '../../src/evaluation/predictors.js';
import { allScenarios } from '../../src/evaluation/scenarios.js';
import { Mmp } from '../../src/mmp/mmp.js';
import { SmallVilt } from '../../src/models/smallVilt.js';
import { stream } from '../../src/tensor/random.js';
import { tf } from '../../src/tensor/tf.js';
import { assertClose } from '../support/close.js';
import { standInCell } from '../support/kernel.js';
import { assertSteady } from '../support/leaks.js';

const count = 150;
const classes = 3;
const modalities = ['a', 'b'];

/** What each modality says for each class, by sample. */
const evidence = Object.fromEntries(
  modalities.map((name) => {
    const random = stream(1, name);
    const rows = Array.from({ length: count }, () =>
      Array.from({ length: classes }, () => Math.fround(random.normal())),
    );
    return [name, rows];
  }),
);

const dataset: Dataset = {
  name: 'toy',
  modalities,
  classes: ['x', 'y', 'z'],
  labels: Int32Array.from({ length: count }, (_, sample) => sample % classes),
  // Not in order, and without the first samples.
  splits: {
    train: [0, 1],
    validation: [2],
    test: stream(1, 'test').shuffled([...Array(count).keys()].slice(3)),
  },
  inputs: (samples) =>
    Object.fromEntries(
      modalities.map((name) => [name, tf.tensor2d(samples.map((s) => evidence[name]![s]!))]),
    ),
};
const { test } = dataset.splits;
const labels = test.map((sample) => dataset.labels[sample]!);

/** What is available, added up. */
const sum: Predictor = (inputs, masked) =>
  tf.addN(modalities.filter((name) => !masked.includes(name)).map((name) => inputs[name]!));

/** The same in plain numbers. */
const sumOf = (sample: number, masked: readonly string[]) =>
  Float32Array.from({ length: classes }, (_, label) =>
    modalities
      .filter((name) => !masked.includes(name))
      .reduce((total, name) => total + evidence[name]![sample]![label]!, 0),
  );

describe('predictLogits', () => {
  /** The data set, of which samples have to be fetched; what happens to batches is told by their sizes. */
  const fetching = (failing?: number) => {
    const events: string[] = [];
    const held = new Set<number>();
    const fetched: Dataset = {
      ...dataset,
      fetch: async (samples) => {
        events.push(`fetch ${samples.length}`);
        await nextTurn();
        if (failing !== undefined && samples.includes(failing)) throw new Error('no such image');
        for (const sample of samples) held.add(sample);
      },
      forget: (samples) => {
        for (const sample of samples) held.delete(sample);
      },
      inputs: (samples) => {
        events.push(`inputs ${samples.length}`);
        for (const sample of samples) assert.ok(held.delete(sample), `${sample} is not there`);
        return dataset.inputs(samples);
      },
    };
    return { events, held, fetched };
  };

  it('has each batch fetched once, before its inputs are asked for and while others compute', async () => {
    const { events, held, fetched } = fetching();
    const rows = await predictLogits(sum, fetched, test, ['b']);
    assert.deepEqual(
      rows,
      test.map((sample) => sumOf(sample, ['b'])),
    );
    assert.equal(held.size, 0);
    // 147 samples
    assert.deepEqual(events, [
      ...['fetch 64', 'fetch 64', 'inputs 64'],
      ...['fetch 19', 'inputs 64', 'inputs 19'],
    ]);
  });

  it('asks for nothing when there are no samples', async () => {
    const { events, fetched } = fetching();
    assert.deepEqual(await predictLogits(sum, fetched, [], []), []);
    assert.deepEqual(events, []);
  });

  it('throws why a batch could not be fetched', async () => {
    for (const failing of [test[0], test[64], test[146]]) {
      const { held, fetched } = fetching(failing);
      await assert.rejects(predictLogits(sum, fetched, test, []), /^Error: no such image$/);
      assert.equal(held.size, 0);
    }
  });

  it('leaves nothing fetched and no failure behind when something else fails before', async () => {
    const broken = new Error('broken');
    const failing: Predictor = () => {
      throw broken;
    };
    // Mocha fails a test of which a rejection is left to nobody.
    for (const unread of [undefined, test[64]]) {
      const { held, fetched } = fetching(unread);
      await assert.rejects(predictLogits(failing, fetched, test, []), (error) => error === broken);
      // What is still being read would come now.
      await nextTurn();
      assert.equal(held.size, 0);
    }
  });
});

describe('predictLogitsEach', () => {
  it('masks in each sample what that lacks, in the order of the samples', async () => {
    const missing = drawMissing(parseTable('a=0.3,b=0.4', modalities), test.length, 1);
    const rows = await predictLogitsEach(sum, dataset, test, missing);
    assert.deepEqual(
      rows,
      test.map((sample, place) => sumOf(sample, missing[place]!)),
    );
    await assert.rejects(
      predictLogitsEach(sum, dataset, test, [[]]),
      /1 samples in the missing table for 147 samples/,
    );
  });

  it('gives each sample the logits that it has when all lack the same', async () => {
    const base = new SmallVilt(
      {
        modalities: [
          { kind: 'picture', name: 'photo', size: 8, patch: 4 },
          { kind: 'words', name: 'words', length: 5, vocabulary: 9 },
          { kind: 'words', name: 'tags', length: 5, vocabulary: 9 },
        ],
        width: 24,
        heads: 2,
        layers: 1,
        mlpRatio: 2,
        classes,
      },
      1,
    );
    const names = ['photo', 'words', 'tags'];
    const integers = (name: string, shape: [number, number]) =>
      tf.randomUniform(shape, 0, 9, 'int32', name.length);
    const all: Record<string, tf.Tensor> = {
      photo: tf.randomNormal([count, 8, 8, 3], 0, 1, 'float32', 1),
      words: integers('words', [count, 5]),
      tags: integers('tags', [count, 5]),
    };
    const samples = [...Array(count).keys()];
    const data: Dataset = {
      ...dataset,
      modalities: names,
      inputs: (batch) =>
        Object.fromEntries(
          names.map((name) => [name, tf.gather(all[name]!, tf.tensor1d([...batch], 'int32'))]),
        ),
    };
    const missing = drawMissing(parseTable('photo=0.3,words=0.2,photo+tags=0.3', names), count, 1);
    const mmp = new Mmp({ modalities: base.modalities, width: 24, heads: 2 }, 1);
    const predictors = {
      base: basePredictor(base),
      mmp: mmpPredictor(base, mmp),
      'linear projection': mmpPredictor(base, new LinearProjection(base.modalities, 1)),
    };
    for (const [name, predictor] of Object.entries(predictors)) {
      const each = await predictLogitsEach(predictor, data, samples, missing);
      for (const { masked } of allScenarios(names)) {
        const places = samples.filter((place) => missing[place]!.join() === masked.join());
        if (places.length === 0) continue;
        const whole = await predictLogits(predictor, data, samples, masked);
        const join = (rows: Float32Array[]) => places.flatMap((place) => [...rows[place]!]);
        const values = Float32Array.from(join(whole));
        await assertClose(
          `${name} without ${masked.join()}`,
          tf.tensor1d(join(each)),
          { shape: [values.length], values },
          'arrangement',
        );
      }
    }
  });

  it('keeps no tensor', async () => {
    const missing = drawMissing(parseTable('a=0.3,b=0.4', modalities), test.length, 1);
    await assertSteady(() => predictLogitsEach(sum, dataset, test, missing));
  });
});

describe('evaluateScenarios', () => {
  const tables = [parseTable('a=0.3,b=0.4', modalities)];
  const options = { split: 'test', seed: 5, resamples: 200 } as const;

  it('measures every scenario and table, as a computation by hand does', async () => {
    const { rows } = await evaluateScenarios(sum, dataset, { ...options, tables });
    assert.deepEqual(
      rows.map(({ name }) => name),
      ['a + b', 'b', 'a', 'missing a 0.3, b 0.4'],
    );
    const drawn = drawMissing(tables[0]!, test.length, 5);
    const missing = [[], ['a'], ['b'], undefined].map((all) =>
      test.map((_, i) => all ?? drawn[i]!),
    );
    for (const [index, row] of rows.entries()) {
      const logits = test.map((sample, place) => sumOf(sample, missing[index]![place]!));
      assert.equal(row.metrics.accuracy!.value, accuracy(logits, labels));
      const right = logits.map((x, i) => (x.indexOf(Math.max(...x)) === labels[i] ? 1 : 0));
      assert.deepEqual(
        row.contributions.accuracy,
        right.map((one) => [one]),
      );
      const recalls = [0, 1, 2].map((label) => {
        const own = right.filter((_, place) => labels[place] === label);
        return own.filter(Boolean).length / own.length;
      });
      const balanced = (recalls[0]! + recalls[1]! + recalls[2]!) / 3;
      assert.ok(Math.abs(row.metrics['balanced accuracy']!.value - balanced) < 1e-12);
      const losses = logits.map(
        (x, i) => -Math.log(Math.exp(x[labels[i]!]!) / x.reduce((s, v) => s + Math.exp(v), 0)),
      );
      const loss = losses.reduce((total, one) => total + one, 0) / losses.length;
      assert.ok(Math.abs(row.metrics['cross-entropy']!.value - loss) < 1e-6);
    }
    assert.deepEqual('available' in rows[1]! && rows[1].available, ['b']);
    assert.deepEqual('table' in rows[3]! && rows[3].table, tables[0]!.shares);
  });

  it('gives intervals, and the mean over the scenarios in which something is missing', async () => {
    const evaluation = await evaluateScenarios(sum, dataset, { ...options, tables });
    const { rows, meanOverMissing } = evaluation;
    const right = (row: number) => rows[row]!.contributions.accuracy!.map(([one]) => one!);
    const share = (values: number[], samples: Places) =>
      [...samples].reduce((total, place) => total + values[place]!, 0) / samples.length;
    const interval = (statistic: Statistic) =>
      bootstrapInterval(test.length, statistic, { seed: 5, resamples: 200 });
    assert.deepEqual(
      rows[0]!.metrics.accuracy,
      interval((samples) => share(right(0), samples)),
    );
    assert.deepEqual(
      meanOverMissing.accuracy,
      interval((samples) => (share(right(1), samples) + share(right(2), samples)) / 2),
    );
    const { low, value, high } = meanOverMissing['cross-entropy']!;
    assert.ok(low < value && value < high);
  });

  it('is plain JSON, and the same for the same seed', async () => {
    const evaluation = await evaluateScenarios(sum, dataset, { ...options, tables });
    assert.deepEqual(evaluationSchema.parse(JSON.parse(JSON.stringify(evaluation))), evaluation);
    const again = await evaluateScenarios(sum, dataset, { ...options, tables });
    assert.deepEqual(again, evaluation);
    const { dataset: name, split, samples, seed, resamples, confidence } = evaluation;
    assert.deepEqual(
      [name, split, samples, seed, resamples, confidence],
      ['toy', 'test', test, 5, 200, 0.95],
    );
    assert.equal(evaluation.task, 'classification');
    const { task, ...old } = evaluation;
    assert.deepEqual(evaluationSchema.parse(old), { ...old, task });
  });

  it('measures a regression by the metrics of sentiment', async () => {
    const sentiments = Float32Array.from({ length: count }, (_, sample) => (sample % 13) / 2 - 3);
    const regression: Dataset = { ...dataset, task: 'regression', classes: [], labels: sentiments };
    // The first number of what is available is how sentiment is told.
    const first: Predictor = (inputs, masked) => tf.slice(sum(inputs, masked), [0, 0], [-1, 1]);
    const evaluation = await evaluateScenarios(first, regression, { ...options, tables });
    assert.deepEqual([evaluation.task, evaluation.classes], ['regression', []]);
    assert.deepEqual(evaluationSchema.parse(JSON.parse(JSON.stringify(evaluation))), evaluation);
    const scenarios = allScenarios(modalities);
    const accuracies = await accuracyByScenario(first, regression, test, scenarios);
    for (const [index, { name, masked }] of scenarios.entries()) {
      const { metrics } = evaluation.rows[index]!;
      const predicted = test.map((sample) => sumOf(sample, masked)[0]!);
      const truth = test.map((sample) => sentiments[sample]!);
      const counted = [...test.keys()].filter((place) => truth[place] !== 0);
      const right = counted.filter((place) => predicted[place]! > 0 === truth[place]! > 0);
      assert.equal(metrics['Non0 accuracy']!.value, right.length / counted.length);
      assert.equal(accuracies[name], right.length / counted.length);
      const errors = predicted.map((one, place) => Math.abs(one - truth[place]!));
      const mean = errors.reduce((total, one) => total + one, 0) / test.length;
      assert.ok(Math.abs(metrics['mean absolute error']!.value - mean) < 1e-12);
    }
    assert.ok(evaluation.meanOverMissing.correlation!.low > -1);
  });

  it('keeps no tensor', async () => {
    await assertSteady(() => evaluateScenarios(sum, dataset, { ...options, tables, resamples: 2 }));
  });

  it('names what is wrong', async () => {
    const twice = [...tables, ...tables];
    await assert.rejects(
      evaluateScenarios(sum, dataset, { ...options, tables: twice }),
      /evaluateScenarios: two rows are named "missing a 0.3, b 0.4"/,
    );
  });
});

describe('an evaluation that is interrupted', () => {
  const cell = standInCell();
  const reason = new Error('interrupted');

  for (const [name, run] of Object.entries({
    accuracyByScenario: (predictor: Predictor) =>
      accuracyByScenario(predictor, dataset, test, allScenarios(modalities)),
    evaluateScenarios: (predictor: Predictor) =>
      evaluateScenarios(predictor, dataset, { split: 'test', seed: 1, resamples: 2 }),
  })) {
    it(`stops between two batches: ${name}`, async () => {
      const before = tf.memory().numTensors;
      let batches = 0;
      const interrupting: Predictor = (inputs, masked) => {
        if (++batches === 2) cell.interrupt(reason);
        return sum(inputs, masked);
      };
      await assert.rejects(run(interrupting), (error) => error === reason);
      assert.equal(batches, 2);
      assert.equal(tf.memory().numTensors, before);
    });
  }
});
