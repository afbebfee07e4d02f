import assert from 'node:assert/strict';
import { plotRuns } from '../../../src/experiments/runs/plot.js';
import { recordsOf } from '../../support/runs.js';

const plain = { name: 'plain', records: recordsOf(0, 5), validations: [] };
const aligned = {
  name: 'aligned',
  records: recordsOf(0, 5).map((one) => ({
    ...one,
    losses: { total: 2, task: 1, alignment: 0.1 },
  })),
  validations: [{ step: 5, loss: 1 }],
};
const begun = { name: 'begun', records: [], validations: [] };
const drawn = (...parameters: Parameters<typeof plotRuns>) =>
  plotRuns(...parameters).map(({ layout, data }) => [
    layout.title.text,
    data.map(({ name }) => name).join(', '),
  ]);

describe('plots of runs', () => {
  it('have every loss, the learning rate and validations', () => {
    assert.deepEqual(drawn([plain, aligned, begun], { window: 2 }), [
      ['The total loss in training', 'plain, aligned'],
      ['The task loss in training', 'plain, aligned'],
      ['The alignment loss in training', 'aligned'],
      ['The learning rate of the base network', 'plain, aligned, begun'],
      ['The loss in validation', 'aligned'],
    ]);
  });

  it('have one loss when it is named, and no validations where there are none', () => {
    assert.deepEqual(
      drawn([plain], { window: 2, loss: 'total' }).map(([title]) => title),
      ['The total loss in training', 'The learning rate of the base network'],
    );
  });

  it('are refused without a step, and for a loss that no run has', () => {
    assert.throws(() => plotRuns([begun], { window: 2 }), /nothing to plot: no run has a step yet/);
    assert.throws(
      () => plotRuns([begun, aligned], { window: 2, loss: 'tsak' }),
      /--loss tsak: no run has this loss; there are total, task, alignment/,
    );
  });
});
