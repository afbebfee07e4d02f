/** What sweep files say, and what is refused. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { RunConfig } from '../../src/experiments/config.js';
import { emojiSettings } from '../../src/experiments/emoji.js';
import { projectRoot } from '../../src/files/paths.js';
import { expandSweep, readSweep, shortened, type Sweep } from '../../src/sweep/sweepFile.js';

const expand = (options: unknown) => expandSweep(options, 'sweep.yaml');
const names = ({ jobs }: Sweep) => jobs.map(({ name }) => name);

describe('a sweep file', () => {
  it('stands for every combination of values and seeds', () => {
    const sweep = expand({
      name: 'both',
      seeds: [3, 7],
      runs: [
        {
          name: 'my mmp',
          method: 'mmp',
          vary: { 'mmp.heads': [2, 4], 'mmp.refine': ['tokens', 'aggregated'] },
        },
      ],
    });
    assert.deepEqual(
      names(sweep),
      ['2-refine-tokens', '2-refine-aggregated', '4-refine-tokens', '4-refine-aggregated'].flatMap(
        (variant) => [3, 7].map((seed) => `sweeps/both/my-mmp-heads-${variant}-${seed}`),
      ),
    );
    const { config, variant, after } = sweep.jobs[3]!;
    assert.equal(variant, 'my-mmp-heads-2-refine-aggregated');
    assert.equal(after, undefined);
    const { mmp, seed, from } = config;
    assert.deepEqual([mmp?.heads, mmp?.refine, seed, from], [2, 'aggregated', 7, undefined]);
  });

  it('lets a run start from the run of another entry with the same seed and shared values', () => {
    const { jobs } = expand({
      name: 's',
      seeds: [1, 2],
      common: { model: { name: 'smallVilt' } },
      vary: { 'model.width': [16, 32] },
      runs: [
        { name: 'mmp', method: 'mmp', from: 'base' },
        { name: 'base', method: 'dropout' },
      ],
    });
    const order = jobs.map(({ name }) => name);
    for (const { name, after, config } of jobs) {
      const base = name.includes('/mmp') ? name.replace('/mmp', '/base') : undefined;
      assert.equal(after, base);
      assert.equal(config.from, base);
      assert.ok('width' in config.model);
      assert.match(name, new RegExp(`width-${config.model.width}-${config.seed}$`));
      if (after !== undefined) assert.ok(order.indexOf(after) < order.indexOf(name));
    }
    assert.equal(jobs.length, 8);
  });

  it('is shortened by a share of the steps of each run, of one at least', () => {
    const runs = [3, 600, 1200].map((steps) => ({
      name: `${steps} steps`,
      method: 'dropout',
      budget: { steps, batchSize: 8 },
    }));
    const sweep = expand({ name: 'long', runs });
    const { name, jobs } = shortened(sweep, 1 / 9);
    assert.equal(name, 'long');
    assert.deepEqual(
      jobs.map(({ config }) => config.budget.steps),
      [1, 67, 133],
    );
    jobs.forEach((job, index) => {
      const own = sweep.jobs[index]!;
      const { steps } = own.config.budget;
      assert.deepEqual(
        { ...job, config: { ...job.config, budget: { ...job.config.budget, steps } } },
        own,
      );
    });
  });

  it('lets a run start from one outside of the sweep', () => {
    const { jobs } = expand({
      name: 's',
      seeds: [1, 2],
      runs: [{ name: 'mmp', method: 'mmp', from: 'base/dropout-{seed}' }],
    });
    assert.deepEqual(
      jobs.map(({ config, after }) => [config.from, after]),
      [
        ['base/dropout-1', undefined],
        ['base/dropout-2', undefined],
      ],
    );
  });

  it('adds what is common key by key, but not to a thing of another kind', () => {
    const { jobs } = expand({
      name: 's',
      common: {
        budget: { steps: 7, batchSize: 4 },
        masking: { kind: 'independent', probability: { words: 0.5 } },
      },
      runs: [
        { name: 'a', method: 'dropout', budget: { steps: 9 } },
        { name: 'b', method: 'dropout', masking: { kind: 'uniform' } },
      ],
    });
    const [a, b] = jobs.map(({ config }) => config);
    assert.deepEqual([a!.budget.steps, a!.budget.batchSize, b!.budget.steps], [9, 4, 7]);
    assert.deepEqual(a!.masking, { kind: 'independent', probability: { words: 0.5 } });
    assert.deepEqual(b!.masking, { kind: 'uniform' });
  });

  const refused: readonly [what: string, options: object, error: RegExp][] = [
    ['nothing to run', { runs: [] }, /runs/],
    ['no seeds', { seeds: [], runs: [{ name: 'a', method: 'dropout' }] }, /seeds/],
    ['a key that is unknown', { sed: [1], runs: [{ name: 'a', method: 'dropout' }] }, /"sed"/],
    [
      'an unknown key of a run',
      { runs: [{ name: 'a', method: 'dropout', heads: 3 }] },
      /sweep\.yaml: run "a":[^]*"heads"/,
    ],
    [
      'a value that cannot be',
      { runs: [{ name: 'a', method: 'mmp', vary: { 'mmp.heads': [4, 3] } }] },
      /sweep\.yaml: run "a-heads-3":[^]*mmp\.heads: 3 does not divide the width of tokens, 64/,
    ],
    [
      'no values of a key',
      { runs: [{ name: 'a', method: 'mmp', vary: { 'mmp.heads': [] } }] },
      /runs\[0\]\.vary\["mmp\.heads"\]/,
    ],
    [
      'a seed beside seeds',
      { runs: [{ name: 'a', method: 'dropout', seed: 3 }] },
      /a sweep has "seeds"[^]*runs\[0\]\.seed/,
    ],
    [
      'an unknown entry',
      { runs: [{ name: 'a', method: 'mmp', from: 'b' }] },
      /run "a": from: there is no "b" among a/,
    ],
    [
      'runs that start from each other',
      {
        runs: [
          { name: 'a', method: 'mmp', from: 'b' },
          { name: 'b', method: 'mmp', from: 'a' },
        ],
      },
      /from: these start from each other: a → b → a/,
    ],
    [
      'one that could start from several',
      {
        runs: [
          { name: 'a', method: 'mmp', vary: { 'mmp.heads': [1, 2] } },
          { name: 'b', method: 'mmp', from: 'a' },
        ],
      },
      /run "b": from: "a" varies/,
    ],
    [
      'two entries of one name',
      {
        runs: [
          { name: 'a', method: 'mmp' },
          { name: 'a', method: 'dropout' },
        ],
      },
      /two runs are called "a"/,
    ],
    [
      'two runs of one folder',
      { seeds: [1, 1], runs: [{ name: 'a', method: 'dropout' }] },
      /two runs would lie in sweeps\/s\/a-1/,
    ],
  ];
  for (const [what, options, error] of refused) {
    it(`is refused with ${what}`, () => {
      assert.throws(() => expand({ name: 's', ...options }), error);
    });
  }
});

describe('the sweep files of the repository', () => {
  const folder = path.join(projectRoot, 'data', 'sweeps');
  const { quick } = emojiSettings;

  for (const file of readdirSync(folder)) {
    it(`${file} resolves, and trains every network equally long by each method`, () => {
      const { name, jobs } = readSweep(path.join(folder, file));
      assert.equal(`${name}.yaml`, file);
      assert.ok(jobs.length > 4);
      const stepsOf = new Map<string, number>();
      for (const { after, config } of jobs) {
        const alike = `${config.model.name}, ${after === undefined ? 'from scratch' : 'further'}`;
        const { steps } = config.budget;
        assert.equal(stepsOf.get(alike) ?? steps, steps, alike);
        stepsOf.set(alike, steps);
      }
      for (const { after, config } of jobs) {
        // Pairs, and ViLT with them, have settings of their own.
        if (config.data.name === 'emoji') expectSettings(config, after !== undefined);
      }
    });
  }

  /** Those of the emoji experiment. */
  const expectSettings = ({ budget, optimiser, method }: RunConfig, isFurther: boolean) => {
    assert.equal(budget.steps, isFurther ? quick.furtherSteps : quick.baseSteps);
    const peak = isFurther ? quick.furtherPeak : quick.basePeak;
    assert.equal(optimiser.learningRate, peak);
    if (method === 'mmp') assert.equal(optimiser.projectorRate * peak, quick.mmpPeak);
  };

  it('has the rows of Table 5 and their fair control', () => {
    const { jobs } = readSweep(path.join(folder, 'table5.yaml'));
    const rows = jobs.filter(({ config }) => config.seed === 1);
    assert.deepEqual(
      rows.map(({ variant, config }) => [variant, config.method, config.from]),
      [
        ['pretrained', 'pretrained', undefined],
        ['dropout', 'dropout', undefined],
        ['dropout-continued', 'dropout', 'sweeps/table5/dropout-1'],
        ['linear', 'linear', 'sweeps/table5/dropout-1'],
        ['linear-align', 'linear+align', 'sweeps/table5/dropout-1'],
        ['mmp', 'mmp', 'sweeps/table5/dropout-1'],
      ],
    );
  });

  it('are changed where it is asked for, such as to fewer seeds', () => {
    const { name, jobs } = readSweep('data/sweeps/table3.yaml', { seeds: [9] });
    assert.equal(name, 'table3');
    const rows = readSweep('data/sweeps/table3.yaml').jobs.filter(
      ({ config }) => config.seed === 1,
    );
    assert.deepEqual(
      jobs.map(({ config }) => [config.label, config.seed]),
      rows.map(({ config }) => [config.label, 9]),
    );
    assert.equal(jobs.at(-1)!.after, 'sweeps/table3/dropout-9');
    assert.throws(
      () => readSweep('data/sweeps/table3.yaml', { sedes: [9] }),
      /^Error: table3\.yaml:[^]*"sedes"/,
    );
  });
});
