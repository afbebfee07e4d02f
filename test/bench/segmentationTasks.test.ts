/** What a task of segmentation consists of. */
import assert from 'node:assert/strict';
import { cmnextB2, segmentationTask } from '../../src/bench/segmentationTasks.js';
import { ignoredLabel } from '../../src/data/dataset.js';

describe('tasks of segmentation', () => {
  const sizes = {
    batch: 2,
    size: 32,
    cmnext: { ...cmnextB2(['rgb', 'depth']), num_classes: 3 },
    mmpHeads: 4,
  };

  it('have pictures, labels of which some are none, and MMP of the tokens of stage 1', () => {
    const { task, inputs } = segmentationTask('tiny', 'Tiny', sizes);
    const shapes = [...inputs].map(([name, { shape }]) => [name, ...shape]);
    assert.deepEqual(shapes, [
      ['rgb', 2, 32, 32, 3],
      ['depth', 2, 32, 32, 3],
      ['labels', 2, 32, 32],
    ]);
    const drawn = [...new Set(inputs.get('labels')!.values)];
    assert.deepEqual(drawn.sort(), [0, 1, 2, ignoredLabel]);
    assert.deepEqual(task.mmp!.modalities, [
      { name: 'rgb', tokens: 64, width: 64 },
      { name: 'depth', tokens: 64, width: 64 },
    ]);
    assert.deepEqual(task.masked, ['depth']);
    assert.equal(task.title, 'Tiny: B 2, 32 × 32, M 2, d 64');
  });

  it('have no MMP unless asked for', () => {
    assert.equal(segmentationTask('tiny', 'Tiny', { ...sizes, mmpHeads: null }).task.mmp, null);
  });
});
