/** The log of a run, read from its end and as it grows. */
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LogFollower, readLastRecords } from '../../src/training/log.js';
import { readRecords, RunFolder } from '../../src/training/runs.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { recordsOf } from '../support/runs.js';

describe('the log of a run', () => {
  let folder: string;
  let log: string;
  let run: RunFolder;
  beforeEach(() => {
    folder = makeFolder();
    log = path.join(folder, 'log.jsonl');
    run = new RunFolder(folder);
    run.append(recordsOf(0, 2000));
  });
  afterEach(() => {
    removeFolder(folder);
  });

  const cutShort = '{"step": 2000, "lea';

  it('has last steps, as many as there are', () => {
    appendFileSync(log, cutShort);
    const all = readRecords(folder);
    for (const count of [1, 20, 500, 2000, 3000]) {
      assert.deepEqual(readLastRecords(folder, count), all.slice(-count), `${count}`);
    }
    rmSync(log);
    assert.deepEqual(readLastRecords(folder, 20), []);
  });

  it('has last steps that take more room than usual', () => {
    const losses = Object.fromEntries(recordsOf(0, 400).map(({ step }) => [`löss-${step}`, step]));
    run.append(recordsOf(2000, 2050).map((record) => ({ ...record, losses })));
    assert.deepEqual(readLastRecords(folder, 20), readRecords(folder).slice(-20));
  });

  it('is not read whole for its last steps', () => {
    writeFileSync(log, `no JSON\n${readFileSync(log, 'utf8')}`);
    assert.throws(() => readRecords(folder), /log\.jsonl is damaged/);
    assert.equal(readLastRecords(folder, 20).at(-1)!.step, 1999);
  });

  it('says what of its end is damaged', () => {
    appendFileSync(log, '{"step": 2000}\n');
    assert.throws(() => readLastRecords(folder, 20), /log\.jsonl is damaged: .* is no step/);
    appendFileSync(log, 'no JSON\n');
    assert.throws(() => readLastRecords(folder, 1), /log\.jsonl is damaged/);
  });

  it('is followed as it grows, line by whole line', () => {
    const follower = new LogFollower(folder);
    assert.deepEqual(follower.news(), recordsOf(0, 2000));
    assert.deepEqual(follower.news(), []);
    const [first, second] = recordsOf(2000, 2002).map((record) => `${JSON.stringify(record)}\n`);
    appendFileSync(log, first! + second!.slice(0, 9));
    assert.deepEqual(follower.news(), recordsOf(2000, 2001));
    appendFileSync(log, second!.slice(9));
    assert.deepEqual(follower.news(), recordsOf(2001, 2002));
  });

  it('is followed from its beginning when it was taken back', () => {
    const follower = new LogFollower(folder);
    follower.news();
    run.rewind(1000);
    run.append(recordsOf(1000, 2500));
    assert.deepEqual(follower.news(), recordsOf(0, 2500));
  });

  it('is followed before it is there', () => {
    rmSync(log);
    const follower = new LogFollower(folder);
    assert.deepEqual(follower.news(), []);
    run.append(recordsOf(0, 3));
    assert.deepEqual(follower.news(), recordsOf(0, 3));
  });
});
