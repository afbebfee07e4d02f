import assert from 'node:assert/strict';
import { commonTask, metricsOf } from '../../src/evaluation/taskMetrics.js';

describe('metrics of a task', () => {
  it('begin with the primary one', () => {
    const names = (task?: 'classification' | 'regression') =>
      metricsOf(task).map(({ name }) => name);
    assert.equal(names('classification')[0], 'accuracy');
    assert.equal(names('regression')[0], 'Non0 accuracy');
    assert.deepEqual(names(), names('classification'));
    // So that files and options can name them.
    const all = [...names(), ...names('regression')];
    assert.equal(new Set(all).size, all.length);
  });

  it('are refused of tasks that are not the same', () => {
    const [a, b, c] = (['regression', 'regression', 'classification'] as const).map(
      (task, index) => ({ name: 'abc'[index]!, task }),
    );
    assert.equal(commonTask([a!, b!]), 'regression');
    assert.equal(commonTask([c!]), 'classification');
    assert.throws(() => commonTask([a!, b!, c!]), {
      message: 'a is a regression and c a classification: they have no metric in common',
    });
  });
});
