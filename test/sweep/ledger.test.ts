/** What each change of a run means for the others. */
import assert from 'node:assert/strict';
import { Ledger } from '../../src/sweep/ledger.js';
import { expandSweep } from '../../src/sweep/sweepFile.js';
import { keptReport } from '../support/sweeps.js';

const { jobs } = expandSweep(
  {
    name: 's',
    runs: [
      { name: 'a', method: 'dropout' },
      { name: 'b', method: 'mmp', from: 'a' },
      { name: 'c', method: 'mmp', from: 'b' },
      { name: 'd', method: 'dropout' },
    ],
  },
  'test',
);
const name = (letter: string) => `sweeps/s/${letter}-1`;

describe('the ledger of a sweep', () => {
  let report: ReturnType<typeof keptReport>;
  let ledger: Ledger;
  beforeEach(() => {
    report = keptReport();
    ledger = new Ledger(jobs, report);
  });
  const ready = () => ledger.ready.map((job) => job.name);

  it('has ready what starts from nothing, and later what starts from a whole run', () => {
    assert.deepEqual(ready(), [name('a'), name('d')]);
    ledger.begin(name('a'));
    assert.deepEqual(ready(), [name('d')]);
    ledger.finish(name('a'));
    assert.deepEqual(ready(), [name('b'), name('d')]);
    assert.ok(ledger.isOpen());
    for (const letter of ['b', 'c', 'd']) ledger.finish(name(letter));
    assert.ok(!ledger.isOpen() && ledger.allWhole());
  });

  it('keeps all that starts from a failed run, directly or not, from being run', () => {
    ledger.fail(name('a'), 'a number is not finite');
    assert.deepEqual(ready(), [name('d')]);
    ledger.finish(name('d'));
    assert.ok(!ledger.isOpen() && !ledger.allWhole());
    const because = `${name('a')} failed`;
    assert.deepEqual(report.lines, [
      'a-1 failed: a number is not finite',
      `b-1 kept: ${because}`,
      `c-1 kept: ${because}`,
      'd-1 whole',
    ]);
  });

  it('tells each change once, and nothing of runs of other sweeps', () => {
    ledger.begin(name('a'));
    ledger.begin(name('a'));
    ledger.putBack(name('a'));
    ledger.putBack(name('a'));
    ledger.progress(name('a'), { done: 1, total: 2, loss: 3 });
    ledger.finish(name('a'));
    ledger.finish(name('a'));
    ledger.fail(name('a'), 'too late');
    ledger.begin('sweeps/other/a-1');
    ledger.finish('sweeps/other/a-1');
    assert.deepEqual(report.lines, ['a-1 began', 'a-1 went back', 'a-1 began', 'a-1 whole']);
  });
});
