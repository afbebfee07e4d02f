/** Runs of several methods and seeds that are interrupted: what is done stays, and nothing goes on. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { emojiRecipes, emojiSettings, type EmojiMethod } from '../../src/experiments/emoji.js';
import { emojiRun, trainSeeds } from '../../src/sweep/seeds.js';
import type { SweepProgress } from '../../src/sweep/trainSweep.js';
import { describeBackend } from '../../src/tensor/backend.js';
import { tf } from '../../src/tensor/tf.js';
import { isWholeRun, readRun } from '../../src/training/runs.js';
import { makeFolder, removeFolder } from '../support/folders.js';
import { standInCell } from '../support/kernel.js';
import { skip } from '../support/skip.js';

const network = { width: 16, heads: 2, layers: 1, batchSize: 8 };
const settings = { ...emojiSettings.quick, ...network, baseSteps: 20, furtherSteps: 2000 };

describe('an experiment that is interrupted', function () {
  this.timeout(300_000);
  const cell = standInCell();
  const reason = new Error('interrupted by the reader');
  const isReason = (error: unknown) => error === reason;
  let folder: string;
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => {
    removeFolder(folder);
  });

  /** Trains until told to stop, and makes sure that nothing goes on after that. */
  const trainUntil = async (
    done: (progress: SweepProgress) => boolean,
  ): Promise<SweepProgress[]> => {
    const told: SweepProgress[] = [];
    const before = tf.memory().numTensors;
    const training = trainSeeds(settings, [1], {
      folder,
      onProgress: (progress) => {
        told.push(progress);
        if (done(progress)) cell.interrupt(reason);
      },
    });
    await assert.rejects(training, isReason);
    const heard = told.length;
    assert.equal(tf.memory().numTensors, before);
    await sleep(500);
    assert.equal(told.length, heard, 'something still trains');
    return told;
  };
  const wholeRuns = () => readdirSync(folder).filter((name) => isWholeRun(path.join(folder, name)));

  it('stops the runs under way', async () => {
    await trainUntil(() => true);
    assert.deepEqual(wholeRuns(), []);
  });

  it('keeps the runs that are done', async function () {
    const { name, gpu } = describeBackend();
    const slow = name === 'cpu' || (name === 'webgpu' && !gpu);
    if (slow) skip(this, 'to measure a run that is done takes a minute on this backend');
    let finished: EmojiMethod | undefined;
    const told = await trainUntil(({ label }) => {
      // A run that starts from another shows that this one is done.
      finished ??= emojiRecipes[label as EmojiMethod].start;
      return finished !== undefined;
    });
    const run = readRun(path.join(folder, `${finished}-1`));
    const records = told.filter(({ label }) => label === finished).flatMap((one) => one.records);
    assert.deepEqual(run.records, records);
    assert.equal(records.length, settings.baseSteps);
    for (const name of wholeRuns()) assert.match(name, /^(pretrained|dropout)-1$/);
    cell.restart();
    assert.deepEqual(await emojiRun(finished!, settings, 1, folder), run);
  });

  it('does not begin when it is interrupted already', async () => {
    cell.interrupt(reason);
    await assert.rejects(
      trainSeeds(settings, [1], { folder: path.join(folder, 'runs') }),
      isReason,
    );
    assert.deepEqual(readdirSync(folder), []);
    assert.ok(!existsSync(path.join(folder, 'runs')));
  });
});
