/** Runs beside each other, against means and differences by hand. */
import assert from 'node:assert/strict';
import { compare, startingWith, withMean } from '../../../src/experiments/runs/compare.js';
import { compareText, markdownTable } from '../../../src/experiments/runs/compareText.js';
import {
  groupsByKey,
  groupsByLabel,
  type ComparedRun,
} from '../../../src/experiments/runs/groups.js';
import type { RunOptions } from '../../../src/experiments/config.js';
import { configOf } from '../../support/runs.js';

const run = (name: string, options: Partial<RunOptions>, words?: number): ComparedRun => ({
  name,
  config: configOf({ method: 'dropout', ...options }),
  ...(words === undefined
    ? {}
    : { scores: withMean({ 'pictures + words': 0.9, pictures: 0.25, words }) }),
});
const base = (seed: number, words?: number) => run(`base-${seed}`, { seed }, words);
const mmp = (seed: number, words?: number) =>
  run(`mmp-${seed}`, { method: 'mmp', from: `base-${seed}`, seed }, words);
const close = (actual: number, expected: number) => {
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual}, expected ${expected}`);
};
const namesOf = (groups: ReturnType<typeof groupsByLabel>) =>
  groups.map(({ name, runs }) => [name, ...runs.map((one) => one.name)]);

describe('groups of runs', () => {
  it('are seeds of one label', () => {
    const groups = groupsByLabel([base(1), mmp(1), mmp(2), base(21)]);
    assert.deepEqual(namesOf(groups), [
      ['dropout', 'base-1', 'base-21'],
      ['mmp', 'mmp-1', 'mmp-2'],
    ]);
  });

  it('are seeds also where another number in the name of their start is a seed of one of them', () => {
    const runs = [1, 3].map((seed) =>
      run(`mmp-${seed}`, { method: 'mmp', from: `sweeps/table3/dropout-${seed}`, seed }),
    );
    assert.deepEqual(namesOf(groupsByLabel(runs)), [['mmp', 'mmp-1', 'mmp-3']]);
  });

  const alone: Record<string, ComparedRun[]> = {
    'of different labels': [base(1), mmp(1)],
    'of one seed': [base(1), run('again', { seed: 1 })],
    'that differ in more than the seed': [
      base(1),
      run('other', { seed: 2, optimiser: { weightDecay: 0 } }),
    ],
    'that start from different runs': [
      mmp(1),
      run('other', { method: 'mmp', from: 'pretrained-2', seed: 2 }),
    ],
  };
  for (const [which, runs] of Object.entries(alone)) {
    it(`are single runs where there are runs ${which}`, () => {
      assert.deepEqual(
        namesOf(groupsByLabel(runs)),
        runs.map(({ name }) => [name, name]),
      );
    });
  }

  const weighted = (alignment: number, seed: number) =>
    run(`${alignment}-${seed}`, {
      method: 'mmp',
      label: `${alignment}`,
      loss: { alignment },
      seed,
    });

  it('have the same value of a key', () => {
    const groups = groupsByKey([weighted(1, 1), weighted(10, 1), weighted(1, 2)], 'loss.alignment');
    assert.deepEqual(namesOf(groups), [
      ['loss.alignment 1', '1-1', '1-2'],
      ['loss.alignment 10', '10-1'],
    ]);
  });

  it('are refused where the key is none, or where more than seeds would come together', () => {
    const runs = [weighted(1, 1), weighted(10, 2), run('again', { seed: 2 })];
    assert.throws(() => groupsByKey(runs, 'loss.lambda'), {
      message: /^--group-by loss\.lambda: no run has this key; there are .*loss\.alignment/,
    });
    assert.throws(() => groupsByKey(runs, 'model.width'), {
      message: /^--group-by model\.width: .* 1-1 and 10-2 differ in loss\.alignment$/,
    });
    assert.throws(() => groupsByKey([base(2), run('again', { seed: 2 })], 'method'), {
      message: /base-2 and again have the same seed 2$/,
    });
  });
});

describe('a comparison of runs', () => {
  it('has the keys that differ, with the values of each run', () => {
    const runs = [
      run('a', { optimiser: { betas: [0.9, 0.98] } }),
      run('b', { method: 'linear', seed: 2 }),
    ];
    const { differing } = compare(runs, groupsByLabel(runs));
    assert.deepEqual(Object.fromEntries(differing.map(({ key, values }) => [key, values])), {
      method: ['dropout', 'linear'],
      label: ['dropout', 'linear'],
      seed: [1, 2],
      'optimiser.betas': [
        [0.9, 0.98],
        [0.9, 0.999],
      ],
    });
    const other = [run('a', {}), run('b', { optimiser: { clipping: { kind: 'norm', limit: 1 } } })];
    assert.deepEqual(compare(other, groupsByLabel(other)).differing, [
      { key: 'optimiser.clipping.kind', values: [null, 'norm'] },
      { key: 'optimiser.clipping.limit', values: [null, 1] },
    ]);
  });

  it('has accuracies of single runs, and differences to the first', () => {
    const runs = [base(1, 0.5), mmp(2, 0.75)];
    const { rows } = compare(runs, groupsByLabel(runs));
    assert.deepEqual(
      rows.map(({ scenario }) => scenario),
      ['pictures + words', 'pictures', 'words', 'mean of the missing'],
    );
    const [words, mean] = rows.slice(2);
    assert.deepEqual(
      words!.values.map((value) => value!.mean),
      [0.5, 0.75],
    );
    assert.equal(words!.differences[1]!.mean, 0.25);
    assert.equal(mean!.values[0]!.mean, 0.375);
    assert.equal(mean!.differences[1]!.mean, 0.125);
  });

  it('is with the group that is named', () => {
    const groups = groupsByLabel([base(1, 0.25), base(2, 0.25), mmp(1, 0.5), mmp(2, 0.5)]);
    const { rows } = compare(
      groups.flatMap(({ runs }) => runs),
      startingWith('mmp', groups),
    );
    assert.equal(rows[2]!.differences[1]!.mean, -0.25);
    assert.throws(() => startingWith('mpm', groups), {
      message: '--reference: there is no "mpm" among dropout, mmp',
    });
  });

  it('has means over seeds, and differences by pairs of the same seed', () => {
    // Seed 3 has no partner, and seed 4 is not whole.
    const runs = [base(1, 0.2), base(2, 0.4), mmp(2, 0.5), mmp(1, 0.6), mmp(3, 0.7), mmp(4)];
    const words = compare(runs, groupsByLabel(runs)).rows[2]!;
    const [first, second] = words.values;
    close(first!.mean, 0.3);
    close(first!.error, 0.1); // the deviation √0.02, over √2
    close(second!.mean, 0.6);
    close(second!.error, 0.1 / Math.sqrt(3));
    assert.equal(second!.seeds, 3);
    const difference = words.differences[1]!; // 0.4 and 0.1
    close(difference.mean, 0.25);
    close(difference.error, 0.15);
    assert.equal(difference.seeds, 2);
  });

  it('has no difference where no seed is shared, and no accuracy where none is known', () => {
    const runs = [base(1, 0.2), base(2, 0.4), mmp(3, 0.5), mmp(4, 0.5)];
    const words = compare(runs, groupsByLabel(runs)).rows[2]!;
    assert.equal(words.differences[1], null);
    const begun = [base(1), base(2, 0.4)];
    assert.deepEqual(compare(begun, groupsByKey(begun, 'seed')).rows[2]!.values[0], null);
    const none = [base(1), mmp(1)];
    assert.deepEqual(compare(none, groupsByLabel(none)).rows, []);
  });

  it('reads as text', () => {
    const text = (...runs: ComparedRun[]) =>
      compareText(compare(runs, groupsByLabel(runs)), markdownTable);
    assert.equal(
      text(base(1, 0.2), base(2, 0.4), mmp(1, 0.3), mmp(2, 0.3)).split('\n\n').slice(2).join('\n'),
      `Test accuracy in per cent, mean ± standard error over seeds, and the difference to dropout in points, paired by seed:
| available | dropout (2 seeds) | mmp (2 seeds) | difference |
| --- | --- | --- | --- |
| pictures + words | 90.0 ± 0.0 | 90.0 ± 0.0 | 0.00 ± 0.00 |
| pictures | 25.0 ± 0.0 | 25.0 ± 0.0 | 0.00 ± 0.00 |
| words | 30.0 ± 10.0 | 30.0 ± 0.0 | 0.00 ± 10.00 |
| mean of the missing | 27.5 ± 5.0 | 27.5 ± 0.0 | 0.00 ± 5.00 |`,
    );
    const single = text(base(1, 0.2), mmp(1, 0.1));
    assert.match(single, /difference to base-1 in points:\n\n.* base-1 \| mmp-1 \| difference \|/);
    assert.match(single, /\| words \| 20\.0 \| 10\.0 \| -10\.00 \|/);
    assert.match(single, /^In what .*\| loss\.alignment \| – \| 10 \|/s);
    assert.match(text(base(1), mmp(1)), /No run is whole, so there are no accuracies yet\.$/);
    assert.match(text(base(1), { ...base(1), name: 'again' }), /^The configurations do not differ/);
  });

  it('keeps bars out of the cells of Markdown', () => {
    assert.equal(markdownTable(['a'], [['x|y']]), '| a |\n| --- |\n| x\\|y |');
  });
});
