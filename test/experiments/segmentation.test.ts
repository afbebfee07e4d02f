/** Runs of segmentation: every method on small scenes, from training to the tables. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { evaluationSchema } from '../../src/evaluation/evaluation.js';
import { segmentationMetrics } from '../../src/evaluation/segmentationMetrics.js';
import { allScenarios } from '../../src/evaluation/scenarios.js';
import { resolveRun, type RunOptions } from '../../src/experiments/config.js';
import { evaluateRun } from '../../src/experiments/evaluateRun.js';
import { loadData } from '../../src/experiments/model.js';
import { planOf, planText } from '../../src/experiments/plan.js';
import { Training } from '../../src/experiments/training.js';
import { readRunResults, trainRun } from '../../src/experiments/trainRun.js';
import { tf } from '../../src/tensor/tf.js';
import { readParameters } from '../../src/training/runs.js';
import { updateParameters } from '../../src/training/update.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { startMmp } from '../support/mmp.js';
import { miniatureOf, withCopyOf } from '../support/segmentation.js';

const modalities = ['rgb', 'depth', 'thermal'] as const;
const common = {
  data: {
    name: 'scenes',
    modalities: [...modalities],
    height: 32,
    width: 64,
    scenes: { train: 6, validation: 2, test: 3 },
  },
  model: {
    name: 'cmnext',
    embedDims: [4, 4, 4, 4],
    heads: [1, 1, 1, 1],
    srRatios: [4, 2, 1, 1],
    decoderDim: 8,
  },
  budget: { steps: 3, batchSize: 2, checkpointEvery: 2, validateEvery: 2 },
} satisfies Omit<RunOptions, 'method'>;

const configOf = (options: RunOptions) => resolveRun({ ...common, ...options }, 'test');

describe('a run of segmentation', function () {
  this.timeout(120_000);
  let runs: string;
  before(() => {
    runs = makeFolder();
  });
  after(() => {
    removeFolder(runs);
  });

  const methods: RunOptions[] = [
    { method: 'dropout', loss: { task: 'ohemCrossEntropy' } },
    { method: 'pretrained' },
    { method: 'linear+align', from: 'dropout' },
    { method: 'mmp', from: 'dropout', mmp: { heads: 2 } },
  ];
  for (const options of methods) {
    it(`is trained and measured by ${options.method}`, async () => {
      const { method } = options;
      await trainRun(configOf(options), { runs, name: method });
      const folder = path.join(runs, method);
      const { test } = readRunResults(folder);
      assert.deepEqual(
        Object.keys(test),
        allScenarios(modalities).map(({ name }) => name),
      );
      const evaluation = await evaluateRun(folder, {
        split: 'test',
        seed: 1,
        resamples: 10,
        tables: ['rgb=0.5,depth=0.5'],
      });
      assert.equal(evaluation.task, 'segmentation');
      assert.equal(evaluation.rows.length, 8);
      for (const { name, metrics, contributions } of evaluation.rows) {
        assert.deepEqual(
          Object.keys(metrics),
          segmentationMetrics.map((metric) => metric.name),
        );
        if (name in test) assert.equal(metrics.mIoU!.value, test[name]);
        assert.equal(contributions.mIoU!.length, 3);
        assert.equal(contributions.mIoU![0]!.length, 3 * evaluation.classes.length);
      }
      const added = { mmp: 'mmp', 'linear+align': 'linear' }[method as string];
      assert.deepEqual(Object.keys(readParameters(folder)), added ? ['base', added] : ['base']);
    });
  }

  it('is measured at several scales and in a mirror, beside what was measured before', async () => {
    const file = (mark: string) => path.join(runs, 'mmp', `evaluation-test${mark}.json`);
    const before = readFileSync(file(''));
    const asked = ['mmp', 'linear+align', '--runs', runs, '--resamples', '10'];
    const evaluated = startMmp('evaluate', ...asked, '--scales', '0.5', '1', '--flip');
    assert.equal(await evaluated.ended, 0, evaluated.said());
    const json = readFileSync(file('-scales-0.5-1-flip'), 'utf8');
    const evaluation = evaluationSchema.parse(JSON.parse(json));
    assert.deepEqual(evaluation.multiScale, { scales: [0.5, 1], flip: true });
    assert.equal(evaluation.rows.length, 7);
    assert.deepEqual(readFileSync(file('')), before);
    const report = path.join(
      runs,
      'evaluations',
      'mmp-linear-align-scales-0.5-1-flip',
      'report.md',
    );
    const text = readFileSync(report, 'utf8');
    assert.ok(evaluated.said().includes(text));
    assert.match(text, /test, at scales 0.5, 1, mirrored as well; in brackets/);
  });

  it('has the single answers where one scale is asked for', async () => {
    const folder = path.join(runs, 'mmp');
    const options = { split: 'test', seed: 1, resamples: 2, tables: [] } as const;
    const multiScale = { scales: [1], flip: false };
    const { rows } = await evaluateRun(folder, { ...options, multiScale });
    const { rows: single } = await evaluateRun(folder, options);
    assert.deepEqual(rows, single);
  });

  it('is refused where other scales have other numbers of tokens than were learned', async () => {
    const mmp = { heads: 2, refine: 'aggregated' } as const;
    const config = configOf({ method: 'mmp', from: 'dropout', mmp });
    await trainRun(config, { runs, name: 'aggregated' });
    const options = { split: 'test', seed: 1, resamples: 2, tables: [] } as const;
    const at = (scales: number[]) =>
      evaluateRun(path.join(runs, 'aggregated'), {
        ...options,
        multiScale: { scales, flip: true },
      });
    assert.equal((await at([1])).rows.length, 7);
    await assert.rejects(
      at([1, 0.5]),
      /aggregated projects as many tokens as in training, by mmp.refine "aggregated"; --scales can be 1 alone/,
    );
  });

  for (const name of ['nyudv2', 'fmb'] as const) {
    it(`is trained on files in the form of ${name}, read ahead and augmented`, async () => {
      const files = {
        folder: miniatureOf(name),
        validation: 'test',
        height: 32,
        width: 32,
      } as const;
      const data: RunOptions['data'] = name === 'fmb' ? { name, ...files } : { name, ...files };
      await trainRun(configOf({ method: 'dropout', data }), { runs, name });
      const { test } = readRunResults(path.join(runs, name));
      assert.equal(Object.keys(test).length, 3);
      assert.ok(Object.values(test).every((value) => value >= 0 && value <= 1));
    });
  }

  it('is trained on more files than are kept by default', async () => {
    await withCopyOf('nyudv2', async (folder) => {
      const names = Array.from({ length: 80 }, (_, index) => `copy${index}`);
      for (const [part, extension] of [
        ['RGB', 'jpg'],
        ['HHA', 'jpg'],
        ['Label', 'png'],
      ] as const) {
        for (const name of names) {
          const place = path.join(folder, part);
          copyFileSync(
            path.join(place, `1.${extension}`),
            path.join(place, `${name}.${extension}`),
          );
        }
      }
      writeFileSync(path.join(folder, 'train.txt'), names.join('\n'));
      const data = { name: 'nyudv2', folder, validation: 'test', height: 32, width: 32 } as const;
      // Three batches are ahead of the one in use: 80 samples.
      const budget = { ...common.budget, steps: 5, batchSize: 20 };
      await trainRun(configOf({ method: 'pretrained', data, budget }), { runs, name: 'many' });
    });
  });

  it('moves running statistics, and no optimiser does', () => {
    const { base } = readParameters(path.join(runs, 'dropout'));
    const statistics = [...base!].filter(([name]) => name.endsWith('runningVariance'));
    assert.ok(statistics.length > 0);
    for (const [name, { values }] of statistics) {
      assert.ok(
        values.some((value) => value !== 1),
        `${name} stayed as it was`,
      );
    }
  });

  it('goes on to the same losses from its state, augmentation and dropout too', async () => {
    const config = configOf({ method: 'dropout' });
    const [one, other] = [1, 2].map(() => new Training(config, loadData(config))) as [
      Training,
      Training,
    ];
    const take = async (training: Training) => {
      const losses = updateParameters({
        optimiser: training.optimiser,
        learningRate: 1e-3,
        losses: () => training.losses(),
      });
      const [total] = await losses.total.data();
      tf.dispose(losses);
      return total;
    };
    for (let step = 0; step < 2; step++) await take(one);
    other.restore(await one.state(2));
    for (let step = 0; step < 3; step++) assert.equal(await take(other), await take(one));
    one.dispose();
    other.dispose();
  });

  it('is trained to the same parameters when it recomputes, in less memory', async () => {
    const made = [];
    for (const recompute of [false, true]) {
      const name = `recompute-${recompute}`;
      const model = { ...common.model, recompute };
      const config = configOf({ method: 'dropout', model });
      const { peakBytes } = await planOf(config, { runs, name });
      await trainRun(config, { runs, name });
      made.push({ peakBytes, parameters: readParameters(path.join(runs, name)) });
    }
    const [kept, recomputed] = made;
    assert.deepEqual(recomputed!.parameters, kept!.parameters);
    assert.ok(recomputed!.peakBytes < 0.8 * kept!.peakBytes);
  });

  it('says before what it would take', async () => {
    const config = configOf({ method: 'mmp', from: 'dropout' });
    const text = planText(await planOf(config, { runs, name: 'plan' }));
    assert.match(text, /parameters .*base: [\d,]+/);
    assert.match(text, /mmp: [\d,]+/);
  });

  it('is refused where it cannot be', () => {
    const refused = (options: object, message: RegExp) => {
      assert.throws(() => configOf({ method: 'mmp', from: 'dropout', ...options }), message);
    };
    refused({ loss: { task: 'l1' } }, /loss.task: "l1" is not for labels that are classes/);
    refused(
      { data: { ...common.data, modalities: ['rgb'] } },
      /data.modalities: there is nothing to project from with one alone/,
    );
    refused({ mmp: { heads: 3 } }, /mmp.heads: 3 does not divide the width of tokens, 4/);
    refused({ model: { name: 'vilt' } }, /model: the data "scenes" need the network "cmnext"/);
    refused({ data: { ...common.data, height: 40 } }, /data.height|multiple of 32/);
  });
});
