import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  findCheckpoint,
  writeCheckpoint,
  type TrainingState,
} from '../../src/training/checkpoint.js';
import { makeFolder, removeFolder } from '../support/folders.js';

const stateAt = (step: number): TrainingState => ({
  step,
  tensors: new Map([
    ['base/w', { shape: [2, 3], values: Float32Array.of(step, -2, 3e-40, 4, 5, 1e30) }],
    ['moments/base/w/first', { shape: [], values: Float32Array.of(0.1) }],
  ]),
  progress: { streams: { masking: [1, -2, 3, 4] }, used: step },
});

describe('checkpoints', () => {
  let folder: string;
  beforeEach(() => {
    folder = makeFolder();
  });
  afterEach(() => {
    removeFolder(folder);
  });
  const file = (step: number) =>
    path.join(folder, `step-${String(step).padStart(9, '0')}.safetensors`);

  it('give back what was written, of the newest', () => {
    for (const step of [90, 100, 1000]) writeCheckpoint(folder, stateAt(step), 5);
    assert.deepEqual(findCheckpoint(folder), { state: stateAt(1000), damaged: [] });
  });

  it('are none in a new folder', () => {
    assert.deepEqual(findCheckpoint(path.join(folder, 'new')), { state: undefined, damaged: [] });
  });

  it('stay as many as are to be kept', () => {
    for (const step of [1, 2, 3, 4]) writeCheckpoint(folder, stateAt(step), 2);
    assert.deepEqual(
      readdirSync(folder).sort(),
      [3, 4].map((step) => path.basename(file(step))),
    );
  });

  it('that are cut off anywhere are passed over for the one before', () => {
    writeCheckpoint(folder, stateAt(1), 2);
    writeCheckpoint(folder, stateAt(2), 2);
    const { length } = readFileSync(file(2));
    for (let left = length - 1; left >= 0; left--) {
      truncateSync(file(2), left);
      const { state, damaged } = findCheckpoint(folder);
      assert.deepEqual(state, stateAt(1), `${left} bytes`);
      assert.equal(damaged.length, 1);
      assert.equal(damaged[0]!.file, file(2));
      assert.match(damaged[0]!.reason, /step-000000002/);
    }
  });

  it('with any bit changed are passed over, or still say the same', () => {
    writeCheckpoint(folder, stateAt(1), 2);
    writeCheckpoint(folder, stateAt(2), 2);
    const whole = readFileSync(file(2));
    let unnoticed = 0;
    for (let place = 0; place < whole.length; place++) {
      const changed = Buffer.from(whole);
      changed[place]! ^= 1 << (place % 8);
      writeFileSync(file(2), changed);
      const { state } = findCheckpoint(folder);
      // White space in the header carries nothing.
      const expected = state?.step === 2 ? stateAt(2) : stateAt(1);
      assert.deepEqual(state, expected, `byte ${place}`);
      if (expected.step === 2) unnoticed++;
    }
    assert.ok(unnoticed < 8, `${unnoticed} changes went unnoticed`);
  });

  it('that are all damaged leave none', () => {
    writeCheckpoint(folder, stateAt(1), 2);
    writeFileSync(file(1), 'nothing of the kind');
    const { state, damaged } = findCheckpoint(folder);
    assert.equal(state, undefined);
    assert.equal(damaged.length, 1);
  });
});
