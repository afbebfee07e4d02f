/** `mmp evaluate`: what it says of a run is what the run's own results say. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { evaluationSchema, missingRows } from '../../src/evaluation/evaluation.js';
import { resolveRun } from '../../src/experiments/config.js';
import { evaluateRun } from '../../src/experiments/evaluateRun.js';
import { readRunResults, trainRun } from '../../src/experiments/trainRun.js';
import { tf } from '../../src/tensor/tf.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { startMmp } from '../support/mmp.js';
import { writeRun } from '../support/runs.js';

const tiny = {
  model: { name: 'smallVilt', width: 16, heads: 2, layers: 1 },
  budget: { steps: 12, batchSize: 8 },
} as const;

describe('mmp evaluate', function () {
  this.timeout(300_000);
  let runs: string;
  before(async () => {
    runs = makeFolder();
    const train = (name: string, options: object) =>
      trainRun(resolveRun({ ...tiny, ...options }, 'test'), { runs, name });
    await train('group/dropout', { method: 'dropout' });
    await train('group/mmp', { method: 'mmp', from: 'group/dropout' });
  });
  after(() => {
    removeFolder(runs);
  });
  const mmp = async (parameters: string[]) => {
    const { said, ended } = startMmp('evaluate', ...parameters, '--runs', runs);
    return { code: await ended, said: said() };
  };
  const folderOf = (name: string) => path.join(runs, name);
  const options = { split: 'test', seed: 1, resamples: 50, tables: [] } as const;

  it('has the accuracies of results.json, and intervals around them', async () => {
    for (const name of ['group/dropout', 'group/mmp']) {
      const before = tf.memory().numTensors;
      const evaluation = await evaluateRun(folderOf(name), options);
      assert.equal(tf.memory().numTensors, before);
      const { test } = readRunResults(folderOf(name));
      const scenarios = evaluation.rows.filter((row) => 'available' in row);
      assert.deepEqual(
        Object.fromEntries(scenarios.map((row) => [row.name, row.metrics.accuracy!.value])),
        test,
      );
      for (const { value, low, high } of scenarios.map((row) => row.metrics.accuracy!)) {
        assert.ok(low <= value && value <= high);
      }
      assert.equal(missingRows(evaluation).length, 6);
    }
  });

  it('has the rows of Table 3, and tables of one’s own', async () => {
    const tables = ['words=0.35,openmoji+twemoji=0.35'];
    const { rows } = await evaluateRun(folderOf('group/mmp'), { ...options, tables });
    const names = rows.filter((row) => 'table' in row).map(({ name }) => name);
    assert.equal(names.length, 7);
    assert.ok(names.includes('image 65 %, text 65 %'));
    assert.match(names.at(-1)!, /words.*0\.35/);
  });

  it('leaves the evaluation in the folder of the run, and a report of all', async () => {
    const { code, said } = await mmp([
      ...['group', '--split', 'validation', '--resamples', '20'],
      ...['--output', folderOf('report'), '--backend', 'wasm'],
    ]);
    assert.equal(code, 0, said);
    const file = path.join(folderOf('group/mmp'), 'evaluation-validation.json');
    const evaluation = evaluationSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    assert.equal(evaluation.split, 'validation');
    const report = readFileSync(path.join(folderOf('report'), 'report.md'), 'utf8');
    assert.match(
      report,
      /\| available \| group\/dropout \| group\/mmp \| group\/mmp − group\/dropout \|/,
    );
    assert.ok(said.includes(report));
    const page = readFileSync(path.join(folderOf('report'), 'report.html'), 'utf8');
    assert.match(page, /"type":"heatmap"/);
  });

  it('refuses what cannot be evaluated, before it evaluates anything', async () => {
    const refused = async (parameters: string[], message: RegExp) => {
      const { code, said } = await mmp(parameters);
      assert.equal(code, 1);
      assert.match(said, message);
    };
    await refused(
      ['group/nothing'],
      /there is no run group\/nothing .*begin alike are group\/dropout/,
    );
    await refused(['group', '--table', 'smell=0.5'], /smell/);
    await refused(['group', '--table', 'words=0.7,openmoji=0.7'], /0\.7|1\.4/);
    await refused(['group', '--split', 'all'], /--split.*all/);
    await refused(['group', '--resamples', '0'], /--resamples/);
    await refused(['group', '--scales', '1', '0'], /--scales.*0.*A positive number is expected/);
    await refused(
      ['group', '--flip'],
      /group\/dropout is a classification; --scales and --flip are for segmentation alone/,
    );
    const data = { name: 'emojiPairs' } as const;
    writeRun(runs, 'heads', { test: { matching: 0.9 }, options: { method: 'pretraining', data } });
    await refused(['group/dropout', 'heads'], /heads is pretraining, which has no classes yet/);
    rmSync(path.join(folderOf('group/mmp'), 'results.json'));
    await refused(['group'], /group\/mmp is no whole run but stopped; train it first/);
    assert.ok(!existsSync(path.join(runs, 'evaluations')));
  });
});
