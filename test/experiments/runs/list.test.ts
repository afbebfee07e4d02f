import assert from 'node:assert/strict';
import { listText, sorted, sortKeys } from '../../../src/experiments/runs/list.js';
import type { RunSummary } from '../../../src/experiments/runs/summary.js';

const first: RunSummary = {
  name: 'a-10',
  label: 'mmp',
  seed: 2,
  state: 'whole',
  done: 9,
  steps: 9,
  loss: 0.25,
  accuracy: 0.5,
  backend: 'wasm',
  written: new Date('2025-03-04T05:06:07Z'),
  damages: [],
};
const second: RunSummary = {
  name: 'a-9',
  label: 'dropout',
  seed: 1,
  state: 'stopped',
  done: 3,
  steps: 9,
  loss: 0.125,
  accuracy: 0.25,
  backend: 'cpu',
  written: new Date('2024-03-04T05:06:07Z'),
  damages: [],
};
const damaged: RunSummary = { name: 'a-11', state: 'stopped', damages: ['config.json is damaged'] };

describe('the list of runs', () => {
  it('is sorted by every key, with what lacks it at the end', () => {
    for (const key of sortKeys) {
      const names = sorted([first, damaged, second], key).map(({ name }) => name);
      const last = key === 'name' || key === 'state' ? undefined : 'a-11';
      if (last) assert.equal(names.at(-1), last, key);
      const others = names.filter((name) => name !== 'a-11');
      assert.deepEqual(others, ['a-9', 'a-10'], key);
    }
  });

  it('is a table, and says below what is damaged', () => {
    const lines = listText([first, damaged]).split('\n');
    const cells = (line: string) => line.split('│').map((cell) => cell.trim());
    assert.deepEqual(cells(lines[2]!).slice(1, -1), [
      'a-10',
      'mmp',
      '2',
      'whole',
      '9 of 9',
      '0.2500',
      '50.0',
      'wasm',
      '2025-03-04 05:06',
    ]);
    assert.deepEqual(cells(lines[3]!).slice(1, 6), ['a-11', '', '', 'stopped, damaged', '? of ?']);
    assert.equal(lines.at(-1), 'a-11: config.json is damaged');
  });
});
