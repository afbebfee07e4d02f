import assert from 'node:assert/strict';
import { bootstrapInterval } from '../../src/evaluation/bootstrap.js';
import { missingRows, statisticOf, type Evaluation } from '../../src/evaluation/evaluation.js';
import {
  evaluationFigure,
  evaluationReport,
  type Evaluated,
} from '../../src/evaluation/evaluationReport.js';
import { meanCrossEntropy, topAccuracy, type Metric } from '../../src/evaluation/metrics.js';
import { sentimentMetrics } from '../../src/evaluation/sentimentMetrics.js';
import { stream } from '../../src/tensor/random.js';

const count = 40;
const options = { seed: 1, resamples: 100, confidence: 0.95 };
const table = [{ missing: ['b'], share: 0.5 }];

/** An evaluation in which each sample is right with this probability. */
function evaluationOf(probability: number, changes: Partial<Evaluation> = {}): Evaluation {
  const measure = (name: string) => {
    const random = stream(1, name);
    const right = Array.from({ length: count }, () => [random.uniform() < probability ? 1 : 0]);
    const contributions = { accuracy: right, 'cross-entropy': right.map(([one]) => [2 - one!]) };
    return { name, contributions, metrics: intervals([{ contributions }]) };
  };
  const intervals = (rows: Parameters<typeof statisticOf>[1]) => {
    const of = (metric: Metric) => bootstrapInterval(count, statisticOf(metric, rows), options);
    return { accuracy: of(topAccuracy), 'cross-entropy': of(meanCrossEntropy) };
  };
  const modalities = ['a', 'b'];
  const rows = [
    { ...measure('a + b'), available: ['a', 'b'] },
    { ...measure('a'), available: ['a'] },
    { ...measure('b'), available: ['b'] },
    { ...measure('missing b 0.5'), table },
  ];
  return {
    dataset: 'toy',
    task: 'classification',
    modalities,
    classes: ['wrong', 'right'],
    split: 'test',
    samples: [...Array(count).keys()],
    ...options,
    rows,
    meanOverMissing: intervals(missingRows({ rows, modalities })),
    ...changes,
  };
}

/** The cells of each line of the first table, without its header. */
const linesOf = (report: string) =>
  report
    .split('\n\n')[1]!
    .split('\n')
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );

const worse = { name: 'dropout', evaluation: evaluationOf(0.4) };
const better = { name: 'mmp', evaluation: evaluationOf(0.7) };

describe('evaluation report', () => {
  it('is a table by metric, of values with intervals', () => {
    const report = evaluationReport([worse], [topAccuracy, meanCrossEntropy]);
    const { rows, meanOverMissing } = worse.evaluation;
    const one = (value: number) => (100 * value).toFixed(1);
    const three = (value: number) => value.toFixed(3);
    const expected = (metric: string, show: (value: number) => string) =>
      [
        ...rows.map(({ name, metrics }) => ({ name, ...metrics[metric]! })),
        { name: 'mean where something is missing', ...meanOverMissing[metric]! },
      ].map(
        ({ name, value, low, high }) =>
          `| ${name} | ${show(value)} [${show(low)}, ${show(high)}] |`,
      );
    assert.equal(
      report,
      [
        '## accuracy (in per cent, higher is better)',
        '',
        '| available | dropout |',
        '| --- | --: |',
        ...expected('accuracy', one),
        '',
        '## cross-entropy (lower is better)',
        '',
        '| available | dropout |',
        '| --- | --: |',
        ...expected('cross-entropy', three),
        '',
        '40 samples of toy, test; in brackets 95 % bootstrap intervals (100 resamples).',
        '',
      ].join('\n'),
    );
  });

  it('has the paired differences to the first', () => {
    const report = evaluationReport([worse, better], [topAccuracy]);
    assert.match(report, /^\| available \| dropout \| mmp \| mmp − dropout \|$/m);
    const lines = linesOf(report);
    const [before, after] = [worse, better].map(({ evaluation }) =>
      evaluation.rows[1]!.contributions.accuracy!.map(([one]) => one!),
    );
    const differences = after!.map((one, sample) => one - before![sample]!);
    const { value, low, high } = bootstrapInterval(
      count,
      (samples) => [...samples].reduce((sum, sample) => sum + differences[sample]!, 0) / count,
      options,
    );
    const signed = (x: number) => `${x > 0 ? '+' : ''}${(100 * x).toFixed(1)}`.replace('-', '−');
    assert.equal(lines[1]![3], `${signed(value)} [${signed(low)}, ${signed(high)}]`);
    assert.match(lines[1]![3], /^\+/);
    assert.equal(lines.length, 5);

    const [, turned] = linesOf(evaluationReport([better, worse], [topAccuracy]));
    assert.match(turned![3]!, /^−/);
    const [, same] = linesOf(evaluationReport([worse, { ...worse, name: 'again' }], [topAccuracy]));
    assert.equal(same![3], '0.0 [0.0, 0.0]');
  });

  it('compares nothing but what was measured on the same samples', () => {
    const differencesTo = (changes: Partial<Evaluation>) => {
      const evaluation = evaluationOf(0.7, changes);
      const lines = linesOf(evaluationReport([worse, { name: 'mmp', evaluation }], [topAccuracy]));
      return lines.map((cells) => cells[3] !== '–');
    };
    assert.deepEqual(differencesTo({}), [true, true, true, true, true]);
    const none = [false, false, false, false, false];
    assert.deepEqual(differencesTo({ samples: [...Array(count).keys()].reverse() }), none);
    assert.deepEqual(differencesTo({ split: 'validation' }), none);
    assert.deepEqual(differencesTo({ dataset: 'other' }), none);
    assert.deepEqual(differencesTo({ classes: ['other'] }), none);
    // Under another seed other samples lack modalities, but in a scenario all lack the same.
    assert.deepEqual(differencesTo({ seed: 2 }), [true, true, true, false, true]);
    const { rows } = evaluationOf(0.7);
    assert.deepEqual(differencesTo({ rows: rows.slice(0, 3) }), [true, true, true, false, true]);
  });

  it('says of each run what it was measured on where that differs', () => {
    const other = { name: 'mmp', evaluation: evaluationOf(0.7, { split: 'validation' }) };
    const report = evaluationReport([worse, other], [topAccuracy]);
    assert.match(report, /^dropout: 40 samples of toy, test; /m);
    assert.match(report, /^mmp: 40 samples of toy, validation; /m);
    const scaled = { multiScale: { scales: [0.5, 1], flip: true } };
    const twice = { name: 'mmp', evaluation: evaluationOf(0.7, scaled) };
    const text = 'toy, test, at scales 0.5, 1, mirrored as well';
    assert.ok(evaluationReport([twice]).includes(`40 samples of ${text}; in brackets`));
    assert.ok(evaluationFigure([twice]).layout.title.text.startsWith(`${text}: accuracy`));
  });

  it('has the metrics of the runs’ task, and refuses runs of two', () => {
    const regression = (name: string) => {
      const { rows, ...rest } = evaluationOf(0.4, { task: 'regression', classes: [] });
      const renamed = rows.map((row) => ({
        ...row,
        metrics: { 'Non0 accuracy': row.metrics.accuracy! },
        contributions: { 'Non0 accuracy': row.contributions.accuracy! },
      }));
      return { name, evaluation: { ...rest, rows: renamed } };
    };
    const titles = (runs: Evaluated[]) => evaluationReport(runs).match(/^## .*$/gm);
    assert.deepEqual(titles([worse]), [
      '## accuracy (in per cent, higher is better)',
      '## balanced accuracy (in per cent, higher is better)',
      '## cross-entropy (lower is better)',
    ]);
    assert.deepEqual(
      titles([regression('mult')])!.map((title) => title.replace(/^## (.*) \(.*$/, '$1')),
      sentimentMetrics.map(({ name }) => name),
    );
    assert.match(
      evaluationFigure([regression('mult')]).layout.title.text,
      /: Non0 accuracy in per/,
    );
    for (const render of [
      evaluationReport,
      (runs: Evaluated[]) => evaluationFigure(runs, topAccuracy),
    ]) {
      assert.throws(() => render([worse, regression('mult')]), {
        message: 'dropout is a classification and mult a regression: they have no metric in common',
      });
    }
  });

  it('is drawn as runs by scenarios', () => {
    const { data, layout } = evaluationFigure([worse, better], topAccuracy);
    const [{ z, x, y, texttemplate }] = data as [Record<string, unknown>];
    assert.deepEqual(y, ['dropout', 'mmp']);
    const columns = ['a + b', 'a', 'b', 'missing b 0.5', 'mean where something is missing'];
    assert.deepEqual(x, columns);
    const value = (run: number, row: number) =>
      [worse, better][run]!.evaluation.rows[row]!.metrics.accuracy!.value;
    for (const [run, row] of [
      [1, 0],
      [0, 3],
    ] as const) {
      // Cells are rounded to four digits.
      assert.ok(Math.abs((z as number[][])[run]![row]! - 100 * value(run, row)) < 0.01);
    }
    assert.equal(texttemplate, '%{z:.1f}');
    assert.equal(
      layout.title.text,
      'toy, test: accuracy in per cent by run and available modalities',
    );

    // A scenario that a run lacks has no column.
    const fewer = {
      name: 'x',
      evaluation: { ...worse.evaluation, rows: worse.evaluation.rows.slice(0, 3) },
    };
    const [trace] = evaluationFigure([worse, fewer], topAccuracy).data;
    assert.deepEqual(
      trace!.x,
      columns.filter((name) => !name.startsWith('missing')),
    );
  });

  it('needs a run', () => {
    assert.throws(() => evaluationReport([]), /evaluation report: there is no run/);
    assert.throws(() => evaluationFigure([], topAccuracy), /evaluation report: there is no run/);
  });
});
