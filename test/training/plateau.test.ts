import assert from 'node:assert/strict';
import { Plateau, type PlateauOptions } from '../../src/training/plateau.js';

/** The rate after each loss. */
function ratesOf(losses: readonly number[], options: PlateauOptions): number[] {
  const plateau = new Plateau(options);
  return losses.map((loss) => {
    plateau.observe(loss);
    return plateau.rate;
  });
}

// That it follows PyTorch over a training stands in trajectories.test.ts.
describe('Plateau', () => {
  it('lowers the rate at the loss after its patience, and then waits anew', () => {
    const rates = ratesOf([1, 1, 1, 1, 1, 1, 1], { rate: 8, factor: 0.5, patience: 2 });
    assert.deepEqual(rates, [8, 8, 8, 4, 4, 4, 2]);
  });

  it('is content with a loss that is better by more than the threshold', () => {
    const options = { rate: 8, factor: 0.5, patience: 0, threshold: 0.1 };
    assert.deepEqual(ratesOf([1, 0.89, 0.81, 0.72], options), [8, 8, 4, 4]);
  });

  it('goes no lower than the lowest rate, nor by less than 10⁻⁸', () => {
    const options = { rate: 8, factor: 0.5, patience: 0, lowestRate: 3 };
    assert.deepEqual(ratesOf([1, 1, 1, 1], options), [8, 4, 3, 3]);
    assert.deepEqual(ratesOf([1, 1], { rate: 1e-8, patience: 0 }), [1e-8, 1e-8]);
  });

  it('has the defaults of PyTorch', () => {
    const rates = ratesOf(Array<number>(12).fill(1), { rate: 1 });
    assert.deepEqual(rates, [...Array<number>(11).fill(1), 0.1]);
  });

  it('goes on from its state, written as JSON, at every moment', () => {
    const losses = [3, 2, 2, 2.5, 1, 1, 1, 1, 1, 0.5];
    const options = { rate: 8, factor: 0.5, patience: 1 };
    const whole = ratesOf(losses, options);
    for (let cut = 0; cut <= losses.length; cut++) {
      const [first, second] = [new Plateau(options), new Plateau(options)];
      for (const loss of losses.slice(0, cut)) first.observe(loss);
      second.restore(JSON.parse(JSON.stringify(first.state())) as ReturnType<Plateau['state']>);
      const rest = losses.slice(cut).map((loss) => {
        second.observe(loss);
        return second.rate;
      });
      assert.deepEqual(rest, whole.slice(cut));
    }
  });

  it('refuses a factor that does not lower', () => {
    assert.throws(
      () => new Plateau({ rate: 1, factor: 1 }),
      /factor must be between 0 and 1, got 1/,
    );
  });
});
