import assert from 'node:assert/strict';
import { cholesky, solve } from '../../../src/data/scenes/cholesky.js';
import { sceneModalities } from '../../../src/data/scenes/render.js';
import { generateScenes } from '../../../src/data/scenes/scenes.js';
import { classShares, sceneStatistics } from '../../../src/data/scenes/statistics.js';
import { stream } from '../../../src/tensor/random.js';

describe('the statistics of scenes', () => {
  const dataset = generateScenes();

  it('have no class that is rare, none that is nearly everything, and few pixels without', () => {
    const { shares, ignored } = classShares(dataset, dataset.splits.train.slice(0, 150));
    for (const [name, share] of Object.entries(shares)) {
      assert.ok(share > 0.01 && share < 0.35, `${name}: ${share}`);
    }
    assert.ok(ignored < 0.05, `ignored: ${ignored}`);
    const sum = Object.values(shares).reduce((total, share) => total + share, ignored);
    assert.ok(Math.abs(sum - 1) < 1e-9);
  });

  it('know more with every modality, in each something that no other knows, and guess each in part', () => {
    const { recognised, best, guessed } = sceneStatistics(dataset, { training: 80, testing: 40 });
    assert.equal(recognised.length, 15);
    for (const { available, balancedAccuracy } of recognised) {
      for (const more of recognised) {
        const isOneMore =
          more.available.length === available.length + 1 &&
          available.every((name) => more.available.includes(name));
        if (!isOneMore) continue;
        assert.ok(
          more.balancedAccuracy > balancedAccuracy + 0.01,
          `${more.available.join(' + ')} says no more than ${available.join(' + ')}`,
        );
      }
    }
    assert.deepEqual(new Set(Object.values(best)), new Set(sceneModalities));
    for (const [name, share] of Object.entries(guessed)) {
      assert.ok(share > 0.4 && share < 0.9, `${name}: ${share}`);
    }
  });

  it('solve linear equations', () => {
    const random = stream(1, 'cholesky');
    const size = 6;
    const root = Array.from({ length: size }, () =>
      Array.from({ length: size }, () => random.normal()),
    );
    const matrix = root.map((row, i) =>
      root.map((other, j) =>
        row.reduce((sum, value, k) => sum + value * other[k]!, i === j ? 1 : 0),
      ),
    );
    const values = Array.from({ length: size }, () => random.normal());
    const solution = solve(cholesky(matrix), values);
    matrix.forEach((row, i) => {
      const product = row.reduce((sum, value, k) => sum + value * solution[k]!, 0);
      assert.ok(Math.abs(product - values[i]!) < 1e-9);
    });
    assert.throws(() => cholesky([[1], [2, 1]]), /not positive definite in row 1/);
  });
});
