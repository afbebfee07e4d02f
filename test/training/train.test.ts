import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Parameters, zeros } from '../../src/tensor/parameters.js';
import { tf } from '../../src/tensor/tf.js';
import { AdamW, adamWDefaults } from '../../src/training/adamw.js';
import { warmupPolynomial, type Schedule } from '../../src/training/schedule.js';
import { train, type TrainingOptions, type TrainingRecord } from '../../src/training/train.js';
import type { Losses } from '../../src/training/update.js';
import { assertClose } from '../support/close.js';
import { standInCell } from '../support/kernel.js';
import { assertSteady } from '../support/leaks.js';

/** The least squares of four equations in two unknowns: XᵀX = 3·I and Xᵀy = [2, 5]. */
const solution = { shape: [2, 1], values: Float32Array.of(2 / 3, 5 / 3) };

interface Problem {
  readonly parameters: Parameters;
  /** Trains for so many steps, with what `more` adds to the losses of a step. */
  run(
    steps: number,
    onProgress?: TrainingOptions['onProgress'],
    more?: (step: number) => Record<string, tf.Tensor>,
  ): Promise<TrainingRecord[]>;
  dispose(): void;
}

function leastSquares(learningRate?: Schedule, ready?: TrainingOptions['ready']): Problem {
  const parameters = new Parameters(1);
  parameters.add('w', [2, 1], zeros);
  const optimiser = new AdamW([{ parameters }], { ...adamWDefaults, weightDecay: 0 });
  return {
    parameters,
    run: (steps, onProgress, more = () => ({})) =>
      train({
        steps,
        optimiser,
        learningRate:
          learningRate ?? warmupPolynomial({ peak: 0.1, warmupSteps: 2, totalSteps: steps }),
        losses: (step): Losses => {
          const x = tf.tensor2d([1, 0, 0, 1, 1, 1, 1, -1], [4, 2]);
          const y = tf.tensor2d([1, 2, 2, -1], [4, 1]);
          const residual = tf.sub(tf.matMul(x, parameters.get('w')), y);
          const total = tf.mean(tf.square(residual));
          return { total, largest: tf.max(tf.abs(residual)), ...more(step) };
        },
        ...(onProgress ? { onProgress } : {}),
        ...(ready ? { ready } : {}),
      }),
    dispose: () => {
      optimiser.dispose();
      parameters.dispose();
    },
  };
}

describe('train', () => {
  it('finds the solution of a least-squares problem', async () => {
    const problem = leastSquares();
    const records = await problem.run(300);
    // How near so many steps come, not how exactly they are computed.
    await assertClose('w', problem.parameters.get('w'), solution, 1e-3);
    // What no w explains: |y|² − yᵀX (XᵀX)⁻¹ Xᵀy = 10 − 29/3, over four equations.
    assert.ok(Math.abs(records.at(-1)!.losses.total! - 1 / 12) < 1e-4);
    problem.dispose();
  });

  it('records the learning rate and every loss of every step', async () => {
    const problem = leastSquares();
    const records = await problem.run(12);
    const rate = warmupPolynomial({ peak: 0.1, warmupSteps: 2, totalSteps: 12 });
    assert.deepEqual(
      records.map(({ step, learningRate }) => [step, learningRate]),
      Array.from({ length: 12 }, (_, step) => [step, rate(step)]),
    );
    for (const { losses } of records) assert.deepEqual(Object.keys(losses), ['total', 'largest']);
    // With w = 0 the residual is y.
    assert.deepEqual(records[0]!.losses, { total: 2.5, largest: 2 });
    problem.dispose();
  });

  it('tells its progress in tens, the rest at the end', async () => {
    const problem = leastSquares();
    const told: (readonly TrainingRecord[])[] = [];
    const records = await problem.run(23, (some) => told.push(some));
    assert.deepEqual(
      told.map(({ length }) => length),
      [10, 10, 3],
    );
    assert.deepEqual(told.flat(), records);
    problem.dispose();
  });

  it('stops at a loss that is not finite and names it', async () => {
    for (const value of [NaN, Infinity]) {
      const problem = leastSquares();
      let told = 0;
      const training = problem.run(
        30,
        (some) => (told += some.length),
        (step) => ({ penalty: tf.scalar(step < 13 ? 0 : value) }),
      );
      const message = `training stopped: the loss "penalty" is ${value} at step 13`;
      await assert.rejects(training, { message });
      assert.equal(told, 10);
      problem.dispose();
    }
  });

  it('keeps no tensor, whether it ends or stops', async () => {
    await assertSteady(async () => {
      const problem = leastSquares();
      await problem.run(13);
      problem.dispose();
    });
    await assertSteady(async () => {
      const problem = leastSquares();
      const nan = () => ({ penalty: tf.scalar(NaN) });
      await assert.rejects(problem.run(13, undefined, nan), /"penalty" is NaN at step 0/);
      problem.dispose();
    });
  });

  describe('that waits for its data', () => {
    /** Three steps; what is done is told in order. */
    const run = async (events: string[], failing?: number) => {
      const problem = leastSquares(undefined, async () => {
        await nextTurn();
        if (events.length === failing) throw new Error('no such image');
        events.push('ready');
      });
      try {
        await problem.run(3, undefined, (step) => {
          events.push(`step ${step}`);
          return {};
        });
      } finally {
        problem.dispose();
      }
    };

    it('waits before each step', async () => {
      const events: string[] = [];
      await run(events);
      assert.deepEqual(events, ['ready', 'step 0', 'ready', 'step 1', 'ready', 'step 2']);
    });

    it('throws why they are not there, and keeps no tensor', async () => {
      const before = tf.memory().numTensors;
      const events: string[] = [];
      await assert.rejects(run(events, 4), /^Error: no such image$/);
      assert.equal(events.at(-1), 'step 1');
      assert.equal(tf.memory().numTensors, before);
    });
  });

  describe('in a cell that is interrupted', () => {
    const cell = standInCell();
    const reason = new Error('interrupted by the reader');
    const isReason = (error: unknown) => error === reason;
    const steady = () => 0.1;

    it('stops before the next step, and leaves the parameters as so many steps do', async () => {
      const [whole, cut] = [leastSquares(steady), leastSquares(steady)];
      const records = await whole.run(14);
      const told: TrainingRecord[] = [];
      const interruptAfter14 = (step: number) => {
        if (step === 13) cell.interrupt(reason);
        return {};
      };
      const training = cut.run(30, (some) => told.push(...some), interruptAfter14);
      await assert.rejects(training, isReason);
      assert.deepEqual(await cut.parameters.read(), await whole.parameters.read());
      assert.deepEqual(told, records);
      whole.dispose();
      cut.dispose();
    });

    it('does not begin when it is interrupted already', async () => {
      const problem = leastSquares(steady);
      cell.interrupt(reason);
      await assert.rejects(
        problem.run(5, undefined, () => assert.fail('it began')),
        isReason,
      );
      problem.dispose();
    });

    it('lets an interruption in after every step', async () => {
      const problem = leastSquares(steady);
      let steps = 0;
      const slow = () => {
        if (steps++ === 0) {
          setTimeout(() => {
            cell.interrupt(reason);
          });
        }
        const end = performance.now() + 20;
        while (performance.now() < end);
        return {};
      };
      await assert.rejects(problem.run(1000, undefined, slow), isReason);
      // The timer was due after the first; one more may begin before timers are looked at.
      assert.ok(steps <= 2, `${steps} steps`);
      problem.dispose();
    });

    it('keeps no tensor, of the losses that nobody has read neither', async () => {
      const problem = leastSquares(steady);
      await assertSteady(async () => {
        const training = problem.run(30, undefined, (step) => {
          if (step === 16) cell.interrupt(reason);
          return {};
        });
        await assert.rejects(training, isReason);
        cell.restart();
      });
      problem.dispose();
    });
  });
});
