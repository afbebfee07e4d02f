/** The table that a sweep ends with, of runs that are written without training. */
import assert from 'node:assert/strict';
import { Ledger } from '../../src/sweep/ledger.js';
import { summaryText } from '../../src/sweep/summary.js';
import { expandSweep } from '../../src/sweep/sweepFile.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { writeRun } from '../support/runs.js';
import { keptReport } from '../support/sweeps.js';

describe('the summary of a sweep', () => {
  let runs: string;
  before(() => {
    runs = makeFolder();
  });
  after(() => {
    removeFolder(runs);
  });

  it('has means over seeds, and leaves empty what pretraining does not have', () => {
    const { jobs } = expandSweep(
      {
        name: 's',
        seeds: [1, 2],
        common: { data: { name: 'emojiPairs' } },
        runs: [
          { name: 'heads', method: 'pretraining' },
          { name: 'base', method: 'dropout', from: 'heads' },
          { name: 'more', method: 'mmp', from: 'base' },
        ],
      },
      'test',
    );
    const ledger = new Ledger(jobs, keptReport());
    for (const { name, variant, config } of jobs) {
      const { seed } = config;
      if (variant === 'more') {
        if (seed === 1) ledger.fail(name, 'no luck');
        continue;
      }
      const test: Record<string, number> =
        variant === 'heads'
          ? { matching: 0.5 + seed / 10 }
          : { 'text + image': 0.6, text: 0.2 * seed, image: 0.3 };
      writeRun(runs, name, { test });
      ledger.finish(name);
    }
    const text = summaryText(ledger, runs);
    // The deviation of two values that differ by δ is δ/√2, and the error of their mean δ/2.
    for (const row of [
      /│ heads +│ 2 whole +│ 65\.00 ± 5\.00 +│ +│/,
      /│ base +│ 2 whole +│ 60\.00 ± 0\.00 +│ 30\.00 ± 5\.00 +│/,
      /│ more +│ 1 failed, 1 not run yet +│ +│ +│/,
      /^sweeps\/s\/more-1 {2}failed: no luck$/m,
    ]) {
      assert.match(text, row);
    }
  });
});
