/** `mmp runs` on the command line, on small run folders and on one that is trained. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { JSDOM } from 'jsdom';
import type { Evaluation } from '../../../src/evaluation/evaluation.js';
import { metricsOf } from '../../../src/evaluation/taskMetrics.js';
import type { Comparison } from '../../../src/experiments/runs/compare.js';
import { projectRoot } from '../../../src/files/paths.js';
import { RunLock } from '../../../src/training/lock.js';
import { makeFolder, removeFolder } from '../../support/folders.js';
import { recordsOf, writeRun } from '../../support/runs.js';

const cli = path.join(projectRoot, 'dist', 'src', 'cli.js');

describe('mmp runs', function () {
  this.timeout(120_000);
  let runs: string;
  beforeEach(() => {
    runs = makeFolder();
  });
  afterEach(() => {
    removeFolder(runs);
  });

  const mmp = (...parameters: string[]) =>
    spawnSync(process.execPath, [cli, ...parameters, '--runs', runs], { encoding: 'utf8' });
  const printed = (...parameters: string[]): string => {
    const { status, stdout, stderr } = mmp(...parameters);
    assert.equal(stderr, '');
    assert.equal(status, 0);
    return stdout;
  };
  const refused = (message: RegExp, ...parameters: string[]) => {
    const { status, stdout, stderr } = mmp(...parameters);
    assert.match(stderr, message);
    assert.equal(stdout, '');
    assert.equal(status, 1);
  };
  const damage = (name: string, file: string) => {
    writeFileSync(path.join(runs, name, file), '{"meth');
  };
  type Row = Record<string, unknown> & { damages: string[] };
  const listed = (...parameters: string[]) =>
    JSON.parse(printed('runs', ...parameters, '--json')) as Row[];
  const test = { 'pictures + words': 0.5, pictures: 0.25, words: 0.75 };

  it('lists runs in every state, and what is known of them', async () => {
    writeRun(runs, 'whole-1', { test, options: { seed: 7, label: 'mine' } });
    writeRun(runs, 'sweeps/rates/stopped', { records: recordsOf(0, 10) });
    writeRun(runs, 'failed').fail({ message: 'NaN' });
    writeRun(runs, 'new', { records: [] });
    writeRun(runs, 'running');
    const lock = await RunLock.acquire(path.join(runs, 'running'));
    mkdirSync(path.join(runs, 'workbook'));
    const log = path.join(runs, 'whole-1', 'log.jsonl');
    utimesSync(log, new Date('2100-01-01'), new Date('2100-01-01'));
    const rows = listed();
    lock.release();
    assert.deepEqual(
      rows.map(({ name, state, done, steps }) => [name, state, done, steps]),
      [
        ['failed', 'failed', 30, 30],
        ['new', 'stopped', 0, 30],
        ['running', 'running', 30, 30],
        ['sweeps/rates/stopped', 'stopped', 10, 30],
        ['whole-1', 'whole', 30, 30],
      ],
    );
    const { loss, ...whole } = rows[4]!;
    // The last 20 of 4, 4/2, … 4/30.
    const expected = Array.from({ length: 20 }, (_, index) => 4 / (index + 11));
    const mean = expected.reduce((sum, value) => sum + value, 0) / 20;
    assert.ok(Math.abs((loss as number) - mean) < 1e-12);
    assert.deepEqual(whole, {
      name: 'whole-1',
      label: 'mine',
      seed: 7,
      state: 'whole',
      done: 30,
      steps: 30,
      accuracy: 0.5,
      backend: 'abacus',
      written: '2100-01-01T00:00:00.000Z',
      damages: [],
    });
  });

  it('lists those that begin so, sorted, as a table', () => {
    for (const [name, steps] of [
      ['mmp-1', 5],
      ['mmp-2', 30],
      ['dropout', 20],
    ] as const) {
      writeRun(runs, name, { records: recordsOf(0, steps) });
    }
    const lines = printed('runs', 'mmp', '--sort', 'loss').split('\n');
    assert.match(lines[1]!, /run .* label .* seed .* state .* steps .* loss .* backend .* written/);
    const names = lines.map((line) => /mmp-\d|dropout/.exec(line)?.[0]).filter(Boolean);
    assert.deepEqual(names, ['mmp-2', 'mmp-1']);
    refused(/no run in .* begins with x or y/, 'runs', 'x', 'y');
    refused(/argument 'los' is invalid. Allowed choices are name, .*loss/, 'runs', '--sort', 'los');
  });

  it('lists damaged runs as what they are, beside the others', () => {
    for (const name of ['config', 'log', 'results', 'environment', 'good']) {
      writeRun(runs, name, { test });
    }
    for (const file of ['config.json', 'results.json', 'environment.json']) {
      damage(file.replace('.json', ''), file);
    }
    appendFileSync(path.join(runs, 'log', 'log.jsonl'), 'no JSON\n');
    for (const { name, damages, state, label, done } of listed()) {
      if (name === 'good') assert.deepEqual(damages, []);
      else assert.match(damages.join(), new RegExp(`${String(name)}\\.json.* is damaged: `));
      assert.equal(state, 'whole');
      assert.equal(label, name === 'config' ? undefined : 'dropout');
      assert.equal(done, name === 'log' ? undefined : 30);
    }
    assert.equal(printed('runs').match(/whole, damaged/g)!.length, 4);
  });

  it('says that there are no runs', () => {
    for (const parameters of [[], ['compare', 'a', 'b'], ['plot', 'a']]) {
      refused(/^mmp: there are no runs in .*; "mmp train" makes some\n$/, 'runs', ...parameters);
    }
  });

  it('compares runs, as tables, Markdown and JSON', () => {
    writeRun(runs, 'a', { test });
    writeRun(runs, 'b', { test: { ...test, words: 0.5 }, options: { method: 'linear' } });
    const text = printed('runs', 'compare', 'a', 'b');
    assert.match(text, /│ method +│ dropout │ linear │/);
    assert.match(text, /│ words +│ 75\.0 │ 50\.0 │ -25\.00 +│/);
    assert.match(
      printed('runs', 'compare', 'a', 'b', '--markdown'),
      /\n\| words \| 75\.0 \| 50\.0 \| -25\.00 \|\n/,
    );
    const json = JSON.parse(printed('runs', 'compare', 'a', 'b', '--json')) as {
      runs: string[];
      metric: { name: string };
      rows: { scenario: string; differences: { mean: number }[] }[];
    };
    assert.deepEqual([json.runs, json.metric.name], [['a', 'b'], 'accuracy']);
    assert.equal(json.rows.at(-1)!.differences[1]!.mean, -0.125);
  });

  it('compares groups of seeds', () => {
    for (const seed of [1, 2]) {
      writeRun(runs, `few/${seed}`, { test, options: { seed } });
      const options = { seed, optimiser: { weightDecay: 0 } };
      writeRun(runs, `none/${seed}`, { test, options });
    }
    const byKey = printed('runs', 'compare', 'few', 'none', '--group-by', 'optimiser.weightDecay');
    assert.match(byKey, /optimiser\.weightDecay 0\.02 \(2 seeds\) │ optimiser\.weightDecay 0 \(2 /);
    assert.match(byKey, /│ words +│ 75\.0 ± 0\.0 +│ 75\.0 ± 0\.0 +│ 0\.00 ± 0\.00 │/);
  });

  it('refuses to compare what cannot be compared', () => {
    writeRun(runs, 'pair-1');
    writeRun(runs, 'pair-2');
    refused(/^mmp: there is nothing to compare pair-1 with/, 'runs', 'compare', 'pair-1', 'pair-1');
    const compare = ['runs', 'compare', 'pair-1', 'pair-2'];
    refused(
      /--group-by moon: no run has this key; there are data\.name, /,
      ...compare,
      '--group-by',
      'moon',
    );
    refused(
      /there is no run pair in .*; those that begin alike are pair-1, pair-2\n/,
      ...compare,
      'pair',
    );
    damage('pair-2', 'config.json');
    refused(/pair-2: config\.json is damaged/, ...compare);
  });

  describe('of what was evaluated', () => {
    /** As `mmp evaluate` leaves it, with accuracies that results.json does not have. */
    const writeEvaluation = (
      name: string,
      accuracies: Record<string, number>,
      mean: number,
      task: Evaluation['task'] = 'classification',
    ) => {
      // Every further metric is this much larger.
      const metrics = (value: number) =>
        Object.fromEntries(
          metricsOf(task).map((metric, place) => [
            metric.name,
            { value: value + place, low: 0, high: 1 },
          ]),
        );
      const rows = Object.entries(accuracies).map(([row, value]) => ({
        name: row,
        metrics: metrics(value),
        contributions: {},
        ...(row.endsWith('%')
          ? { table: [{ missing: ['words'], share: 0.65 }] }
          : { available: row.split(' + ') }),
      }));
      const evaluation: Evaluation = {
        dataset: 'toy',
        task,
        modalities: ['pictures', 'words'],
        classes: ['x', 'y'],
        split: 'test',
        samples: [0],
        seed: 1,
        resamples: 2,
        confidence: 0.95,
        rows,
        meanOverMissing: metrics(mean),
      };
      const file = path.join(runs, name, 'evaluation-test.json');
      writeFileSync(file, JSON.stringify(evaluation));
    };
    const compare = ['runs', 'compare', 'a', 'b'];
    beforeEach(() => {
      writeRun(runs, 'a', { test });
      writeRun(runs, 'b', { test, options: { method: 'linear' } });
      writeEvaluation('a', { 'pictures + words': 0.875, words: 0.625, 'text 65 %': 0.25 }, 0.125);
    });

    it('compares what was measured, missing tables as well', () => {
      writeEvaluation('b', { 'pictures + words': 0.75, words: 0.625, 'text 65 %': 0.5 }, 0.375);
      const rows = (...more: string[]) =>
        printed(...compare, '--evaluated', '--markdown', ...more)
          .trim()
          .split('\n')
          .slice(-5);
      assert.deepEqual(rows(), [
        '| pictures + words | 87.5 | 75.0 | -12.50 |',
        '| words | 62.5 | 62.5 | 0.00 |',
        '| text 65 % | 25.0 | 50.0 | +25.00 |',
        '| mean of the missing | 12.5 | 37.5 | +25.00 |',
        '| mean of the missing tables | 25.0 | 50.0 | +25.00 |',
      ]);
      assert.deepEqual(rows('--reference', 'b'), [
        '| pictures + words | 75.0 | 87.5 | +12.50 |',
        '| words | 62.5 | 62.5 | 0.00 |',
        '| text 65 % | 50.0 | 25.0 | -25.00 |',
        '| mean of the missing | 37.5 | 12.5 | -25.00 |',
        '| mean of the missing tables | 50.0 | 25.0 | -25.00 |',
      ]);
      refused(/^mmp: --reference: there is no "c" among a, b\n$/, ...compare, '--reference', 'c');
    });

    it('compares another metric, and says which', () => {
      const measured = { 'pictures + words': 0.75, words: 0.5 };
      writeEvaluation('a', measured, 0.5);
      writeEvaluation('b', { ...measured, words: 0.625 }, 0.625);
      const lines = (...more: string[]) => printed(...compare, '--markdown', ...more).split('\n');
      const loss = lines('--metric', 'cross-entropy');
      assert.ok(loss.includes('Test cross-entropy (lower is better), and the difference to a:'));
      assert.ok(loss.includes('| words | 2.500 | 2.625 | +0.1250 |'), loss.join('\n'));
      const share = lines('--metric', 'balanced accuracy');
      assert.ok(
        share.includes('Test balanced accuracy in per cent, and the difference to a in points:'),
      );
      assert.ok(share.includes('| words | 150.0 | 162.5 | +12.50 |'), share.join('\n'));
      const { metric } = JSON.parse(
        printed(...compare, '--json', '--metric', 'cross-entropy'),
      ) as Comparison;
      assert.deepEqual(metric, { name: 'cross-entropy', higherIsBetter: false, isShare: false });
      refused(
        /^mmp: --metric: there is no "loss" among accuracy, balanced accuracy, cross-entropy\n$/,
        ...[...compare, '--metric', 'loss'],
      );
    });

    it('compares regressions by the Non0 accuracy, and none with a classification', () => {
      const evaluated = [...compare, '--evaluated', '--markdown'];
      writeEvaluation('b', { 'pictures + words': 0.75, words: 0.5 }, 0.5, 'regression');
      refused(
        /^mmp: a is a classification and b a regression: they have no metric in common\n$/,
        ...evaluated,
      );
      writeEvaluation('a', { 'pictures + words': 0.5, words: 0.5 }, 0.5, 'regression');
      const text = printed(...evaluated);
      assert.match(text, /^Test Non0 accuracy in per cent, and the difference to a in points:$/m);
      assert.match(text, /^\| pictures \+ words \| 50\.0 \| 75\.0 \| \+25\.00 \|$/m);
      assert.match(
        printed(...compare, '--markdown', '--metric', 'mean absolute error'),
        /^Test mean absolute error \(lower is better\), and the difference to a:$/m,
      );
      refused(/no "accuracy" among Non0 accuracy, Non0 F1, /, ...compare, '--metric', 'accuracy');
    });

    it('reads evaluations that do not say their task, and names a metric that they lack', () => {
      for (const name of ['a', 'b']) {
        writeEvaluation(name, { 'pictures + words': 0.75 }, 0.5);
        const file = path.join(runs, name, 'evaluation-test.json');
        const { task, ...old } = JSON.parse(readFileSync(file, 'utf8')) as Evaluation;
        assert.equal(task, 'classification');
        writeFileSync(file, JSON.stringify(old));
      }
      assert.match(printed(...compare, '--evaluated'), /^Test accuracy in per cent/m);
      const file = path.join(runs, 'b', 'evaluation-test.json');
      writeFileSync(file, readFileSync(file, 'utf8').replace('cross-entropy', 'other'));
      refused(
        /^mmp: b was evaluated without cross-entropy; run "mmp evaluate" again\n$/,
        ...[...compare, '--metric', 'cross-entropy'],
      );
    });

    it('refuses runs that were not evaluated, and damaged evaluations', () => {
      const evaluated = [...compare, '--evaluated'];
      refused(/b has no evaluation-test\.json; run "mmp evaluate" first\n$/, ...evaluated);
      damage('b', 'evaluation-test.json');
      refused(/b: evaluation-test\.json is damaged: /, ...evaluated);
      writeFileSync(path.join(runs, 'b', 'evaluation-test.json'), '{"rows": [{}]}');
      refused(/b: evaluation-test\.json is damaged: .*rows/s, ...evaluated);
    });
  });

  it('lists and compares pretraining by what it has', () => {
    const options = { method: 'pretraining', data: { name: 'emojiPairs' } } as const;
    writeRun(runs, 'heads', { test: { matching: 0.75 }, options });
    writeRun(runs, 'next', { test });
    const [row] = listed('heads');
    assert.deepEqual([row!.state, row!.damages, 'accuracy' in row!], ['whole', [], false]);
    const rows = printed('runs', 'compare', 'heads', 'next', '--markdown').trim().split('\n');
    assert.deepEqual(rows.slice(-5), [
      '| matching | 75.0 | – | – |',
      '| pictures + words | – | 50.0 | – |',
      '| pictures | – | 25.0 | – |',
      '| words | – | 75.0 | – |',
      '| mean of the missing | – | 50.0 | – |',
    ]);
  });

  it('plots runs into one page that needs nothing else', () => {
    writeRun(runs, 'a', { test });
    const under = writeRun(runs, 'b/under way', { records: recordsOf(0, 5) });
    under.appendValidation({ step: 3, loss: 1 });
    appendFileSync(path.join(runs, 'b/under way/log.jsonl'), '{"step": 5, "lo');
    const file = path.join(runs, 'plots', 'a-b-under-way.html');
    assert.equal(printed('runs', 'plot', 'a', 'b'), `${file}\n`);
    const page = readFileSync(file, 'utf8');
    const { document } = new JSDOM(page).window;
    const titles = [...document.querySelectorAll('figure.plotly')].map((figure) =>
      figure.getAttribute('aria-label'),
    );
    assert.deepEqual(titles, [
      'The total loss in training',
      'The learning rate of the base network',
      'The loss in validation',
    ]);
    assert.deepEqual(
      [...document.querySelectorAll('[src], link')].map(({ outerHTML }) => outerHTML),
      [],
    );
    // The scripts are whole, and nothing of them has become part of the page.
    assert.equal(document.body.children.length, 3);
    const [plotly] = [...document.querySelectorAll('body > script')];
    const source = path.join(projectRoot, 'node_modules', 'plotly.js-dist', 'plotly.js');
    assert.ok(plotly!.textContent === readFileSync(source, 'utf8'), 'plotly.js is not whole');
  });

  it('plots into another file, one loss, with pictures', () => {
    writeRun(runs, 'a');
    const file = path.join(runs, 'x', 'mine.html');
    const said = printed('runs', 'plot', 'a', '--output', file, '--loss', 'total', '--svg');
    const pictures = path.join(runs, 'x', 'mine');
    const files = readdirSync(pictures).map((name) => path.join(pictures, name));
    assert.deepEqual(said.trim().split('\n').sort(), [file, ...files].sort());
    assert.equal(files.length, 2);
    for (const one of files) assert.match(readFileSync(one, 'utf8'), /^<svg .*<\/svg>$/s);
  });

  it('writes no page where it cannot', () => {
    writeRun(runs, 'a');
    refused(
      /--loss tsak: no run has this loss; there are total/,
      'runs',
      'plot',
      'a',
      '--loss',
      'tsak',
    );
    refused(
      /cannot write .*a\/log\.jsonl\/x\.html/,
      'runs',
      'plot',
      'a',
      '--output',
      `${runs}/a/log.jsonl/x.html`,
    );
    writeRun(runs, 'new', { records: [] });
    refused(/nothing to plot: no run has a step yet/, 'runs', 'plot', 'new');
    assert.ok(!existsSync(path.join(runs, 'plots')));
  });

  it('looks at what mmp train leaves', () => {
    const set = [
      'model={name: smallVilt, width: 16, heads: 2, layers: 1}',
      'budget.validateEvery=6',
    ];
    const options = [
      '--method',
      'dropout',
      '--steps',
      '12',
      '--batch-size',
      '8',
      '--backend',
      'wasm',
    ];
    const trained = mmp(
      'train',
      ...options,
      '--name',
      'trained',
      ...set.flatMap((one) => ['--set', one]),
    );
    assert.equal(trained.status, 0, trained.stderr);
    const [row] = listed();
    assert.deepEqual([row!.state, row!.done, row!.backend], ['whole', 12, 'wasm']);
    assert.ok((row!.accuracy as number) >= 0 && (row!.accuracy as number) <= 1);
    assert.match(printed('runs', 'plot', 'trained'), /plots\/trained\.html\n$/);
  });
});
