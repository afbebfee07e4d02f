import assert from 'node:assert/strict';
import { fileNameOf } from '../../../src/experiments/runs/fileName.js';

describe('the name of a file about runs', () => {
  it('has the names of the runs', () => {
    assert.equal(fileNameOf(['sweeps/heads/mmp-1', 'dropout 2']), 'sweeps-heads-mmp-1-dropout-2');
  });

  it('of many runs is short, and another for others', () => {
    const runs = Array.from({ length: 40 }, (_, index) => `sweeps/heads/mmp-${index}`);
    const names = [runs, runs.slice(0, -1), [...runs, 'dropout']].map(fileNameOf);
    assert.equal(new Set(names).size, 3);
    for (const name of names) assert.ok(name.length < 120, name);
  });
});
