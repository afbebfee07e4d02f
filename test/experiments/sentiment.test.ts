/** Runs of sentiment: the configurations for the real data, on the miniature of its file. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { allScenarios } from '../../src/evaluation/scenarios.js';
import { resolveRun, type RunConfig } from '../../src/experiments/config.js';
import { evaluateRun } from '../../src/experiments/evaluateRun.js';
import { planOf, planText } from '../../src/experiments/plan.js';
import { readRunResults, trainRun } from '../../src/experiments/trainRun.js';
import { projectSweep } from '../../src/sweep/sweepFile.js';
import { readParameters } from '../../src/training/runs.js';
import { fixtures } from '../support/fixtures.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { sentimentModalities } from '../../src/models/sentimentModalities.js';

const file = path.join(fixtures, 'mosi', 'unaligned_50.pkl');

describe('the sweep for CMU-MOSI', function () {
  this.timeout(120_000);
  const { jobs } = projectSweep('mosi', { seeds: [1111] });
  let runs: string;
  before(() => {
    runs = makeFolder();
  });
  after(() => {
    removeFolder(runs);
  });

  /** As it is, but for the file and for how long and how wide. */
  const miniature = ({ data, model, budget, optimiser, ...others }: RunConfig): RunConfig =>
    resolveRun(
      {
        ...others,
        data: { ...data, file },
        optimiser: {
          ...optimiser,
          accumulation: { ...optimiser.accumulation, batches: 2 },
        },
        model: model.name === 'mult' ? { ...model, width: 8, heads: 2, layers: 1 } : model,
        budget: { ...budget, steps: 2, batchSize: 4, checkpointEvery: 2, validateEvery: 1 },
      },
      'miniature',
    );

  it('is of the sizes and settings of MMSA', () => {
    const { model, optimiser, budget } = jobs.find(({ variant }) => variant === 'mult')!.config;
    assert.ok(model.name === 'mult');
    assert.deepEqual([model.width, model.heads, model.layers, model.kernel], [50, 10, 4, 5]);
    assert.equal(model.dropout.textFeatures, 0.5);
    assert.deepEqual(optimiser.accumulation, { batches: 8, sum: true, clipEach: true });
    // 1,284 clips are 80 whole batches of 16.
    assert.equal(budget.validateEvery, Math.floor(1284 / 16 / 8));
  });

  for (const { name, config } of jobs) {
    it(`trains and measures ${config.label} on the miniature`, async () => {
      await trainRun(miniature(config), { runs, name });
      const folder = path.join(runs, name);
      const { test } = readRunResults(folder);
      const scenarios = allScenarios(sentimentModalities).map((each) => each.name);
      assert.deepEqual(Object.keys(test), scenarios);
      const evaluation = await evaluateRun(folder, {
        split: 'test',
        seed: 1,
        resamples: 10,
        tables: [],
      });
      assert.equal(evaluation.task, 'regression');
      for (const { name: scenario, metrics } of evaluation.rows) {
        assert.equal(metrics['Non0 accuracy']!.value, test[scenario]);
      }
      const parts = Object.keys(readParameters(folder));
      const added = { mmp: 'mmp', 'linear+align': 'linear', adaptation: 'adaptation' };
      const own = added[config.method as keyof typeof added];
      assert.deepEqual(parts, own ? ['base', own] : ['base']);
    });
  }

  it('says before what is in the file and what it would take', async () => {
    const config = miniature(jobs.find(({ variant }) => variant === 'dropout')!.config);
    const text = planText(await planOf(config, { runs, name: 'plan' }));
    assert.match(text, /samples .* train 4, validation 2, test 3/);
    assert.match(text, /neutral ones .* train 1, validation 0, test 1/);
    assert.match(text, /sequences .* text 6 × 5, audio 9 × 3, vision 11 × 4/);
    assert.match(text, /−∞ made 0 .* 41/);
  });
});
