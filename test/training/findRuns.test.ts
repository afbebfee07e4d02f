import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chooseRuns, expectRuns, findRuns } from '../../src/training/findRuns.js';
import { makeFolder, removeFolder } from '../support/folders.js';

describe('finding runs', () => {
  let runs: string;
  const put = (...file: string[]) => {
    const place = path.join(runs, ...file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, '{}');
  };
  beforeEach(() => {
    runs = makeFolder();
    for (const name of ['mmp-10', 'mmp-2', 'sweeps/rates/a', 'sweeps/rates/b', 'sweeps/depth/a']) {
      put(name, 'config.json');
      put(name, 'checkpoints', 'step-000000004.safetensors');
    }
    put('workbook', 'index.html');
    put('bench-gpu', 'results.json');
    put('mmp-2', 'inside', 'config.json');
    put('.unfinished.7.partial', 'config.json');
    put('loose.json');
  });
  afterEach(() => {
    removeFolder(runs);
  });

  const all = ['mmp-2', 'mmp-10', 'sweeps/depth/a', 'sweeps/rates/a', 'sweeps/rates/b'];

  it('finds them at any depth, by number, and passes over the rest', () => {
    assert.deepEqual(findRuns(runs), all);
  });

  it('finds none where there are none', () => {
    for (const folder of ['workbook', 'nowhere', 'loose.json']) {
      assert.deepEqual(findRuns(path.join(runs, folder)), []);
    }
    assert.throws(
      () => expectRuns(path.join(runs, 'nowhere')),
      /no runs in .*nowhere; "mmp train"/,
    );
  });

  it('takes names of runs and of folders of runs, in the order in which they are named, once', () => {
    const chosen = chooseRuns(runs, [
      'sweeps/rates/',
      'mmp-10',
      path.join(runs, 'mmp-10'),
      'sweeps',
    ]);
    assert.deepEqual(chosen, ['sweeps/rates/a', 'sweeps/rates/b', 'mmp-10', 'sweeps/depth/a']);
  });

  it('says which names begin alike when there is none', () => {
    const refused = (name: string, message: RegExp) => {
      assert.throws(() => chooseRuns(runs, [name]), { message });
    };
    refused('mmp', /^there is no run mmp in .*; those that begin alike are mmp-2, mmp-10$/);
    refused('sweeps/rates/c', /; those that begin alike are sweeps\/rates\/a, sweeps\/rates\/b$/);
    refused(
      'x',
      /; there are mmp-2, mmp-10, sweeps\/depth\/a, sweeps\/rates\/a, sweeps\/rates\/b$/,
    );
    for (let run = 0; run < 6; run++) put(`mmp-3${run}`, 'config.json');
    refused('mmp-3', /begin alike are mmp-30, mmp-31, mmp-32, mmp-33, mmp-34 and 1 more$/);
  });
});
