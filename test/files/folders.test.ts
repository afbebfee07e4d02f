import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beginFolder, checkWritable, finishFolder } from '../../src/files/folders.js';
import { makeFolder, removeFolder } from '../support/folders.js';

describe('folders', () => {
  let parent: string;
  beforeEach(() => {
    parent = makeFolder();
  });
  afterEach(() => {
    removeFolder(parent);
  });

  it('appear under their name only when they are finished', () => {
    const target = path.join(parent, 'run');
    const partial = beginFolder(target);
    writeFileSync(path.join(partial, 'a'), 'new');
    assert.ok(!existsSync(target));
    finishFolder(partial, target);
    assert.deepEqual(readdirSync(parent), ['run']);
  });

  it('replace what stood there as a whole', () => {
    const target = path.join(parent, 'run');
    mkdirSync(target);
    writeFileSync(path.join(target, 'old'), 'old');
    const partial = beginFolder(target);
    writeFileSync(path.join(partial, 'a'), 'new');
    assert.equal(readFileSync(path.join(target, 'old'), 'utf8'), 'old');
    finishFolder(partial, target);
    assert.deepEqual(readdirSync(target), ['a']);
  });

  it('clear away what a killed process began, and nothing else', () => {
    // No process has the largest process number; this one is running.
    mkdirSync(path.join(parent, '.run.4194304.partial'));
    mkdirSync(path.join(parent, '.other.4194304.partial'));
    mkdirSync(path.join(parent, `.run.${process.ppid}.partial`));
    beginFolder(path.join(parent, 'run'));
    const left = readdirSync(parent).sort();
    const expected = [
      '.other.4194304.partial',
      `.run.${process.pid}.partial`,
      `.run.${process.ppid}.partial`,
    ];
    assert.deepEqual(left, expected.sort());
  });

  it('name a place that cannot be written', () => {
    const blocked = path.join(parent, 'file');
    writeFileSync(blocked, '');
    assert.throws(() => {
      checkWritable(path.join(blocked, 'runs'));
    }, /cannot write .*file\/runs\/check: /);
    checkWritable(path.join(parent, 'new', 'runs'));
    assert.deepEqual(readdirSync(path.join(parent, 'new', 'runs')), []);
  });
});
