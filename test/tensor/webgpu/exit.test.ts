/** A process that has used webgpu ends, by itself and however it is made to. */
import assert from 'node:assert/strict';
import { inNewProcess } from '../../support/process.js';
import { onlyOn } from '../../support/skip.js';

/** Trains a little, reads, and then does something. */
const trainAnd = (deed: string) =>
  inNewProcess(`
    const { tf } = from('tf.js');
    await from('backend.js').useBackend('webgpu');
    const w = tf.variable(tf.tensor([2]));
    const optimiser = tf.train.sgd(0.1);
    let loss;
    for (let step = 0; step < 3; step++) {
      loss?.dispose();
      loss = optimiser.minimize(() => tf.sum(tf.square(w)), true);
    }
    console.log((await loss.data())[0].toFixed(4));
    ${deed}`);

// A step multiplies w by 0.8: w² is 4, 2.56, 1.6384.
const stdout = '1.6384\n';

/** A few seconds, and several times that where others use the cores, too. */
const patience = 20;

describe('a process with webgpu', () => {
  before(function () {
    onlyOn(this, 'webgpu');
  });

  it('ends by itself with code 0, twenty times in a row', () => {
    for (let time = 1; time <= 20; time++) {
      const ended = trainAnd('');
      assert.deepEqual([ended.status, ended.stdout], [0, stdout], `time ${time}: ${ended.stderr}`);
      assert.ok(ended.seconds < patience, `time ${time} took ${ended.seconds} s`);
    }
  });

  it('ends by process.exit with its code', () => {
    for (const code of [0, 3]) {
      const ended = trainAnd(`process.exit(${code});`);
      assert.deepEqual([ended.status, ended.stdout], [code, stdout], ended.stderr);
    }
  });

  it('ends by process.exit with work under way', () => {
    const ended = trainAnd('tf.square(w).data(); process.exit(4);');
    assert.deepEqual([ended.status, ended.stdout], [4, stdout], ended.stderr);
  });

  it('ends by an uncaught exception with code 1', () => {
    for (const deed of [
      'throw new Error("on purpose");',
      'setTimeout(() => { throw new Error("on purpose"); });',
    ]) {
      const ended = trainAnd(deed);
      assert.deepEqual([ended.status, ended.stdout], [1, stdout], ended.stderr);
      assert.match(ended.stderr, /Error: on purpose/);
    }
  });
});
