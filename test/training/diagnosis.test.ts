/** Where numbers stop being numbers, in a small training whose data have to be waited for. */
import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ones, Parameters, zeros } from '../../src/tensor/parameters.js';
import { describeBackend } from '../../src/tensor/backend.js';
import { tf } from '../../src/tensor/tf.js';
import { AdamW } from '../../src/training/adamw.js';
import type { TrainingState } from '../../src/training/checkpoint.js';
import { findNonFinite, type Replayable } from '../../src/training/diagnosis.js';
import { constant, type Schedule } from '../../src/training/schedule.js';
import type { Losses } from '../../src/training/update.js';
import { noNaN, skip } from '../support/skip.js';

/** What the losses of a batch are, with something wrong in one of them. */
type LossesOf = (parameters: Parameters, batch: number) => Losses;

class Toy implements Replayable {
  readonly parameters = new Parameters(1);
  readonly optimiser: AdamW;
  /** The next batch, and how many can be asked for */
  private batch = 0;
  private waiting = 0;

  constructor(
    private readonly lossesOf: LossesOf,
    readonly learningRate: Schedule = constant(0.1),
  ) {
    this.parameters.add('w', [2], ones);
    this.parameters.add('root', [2], zeros);
    this.optimiser = new AdamW([{ name: 'base', parameters: this.parameters }]);
  }

  async ready(batches: number): Promise<void> {
    await nextTurn();
    this.waiting += batches;
  }

  losses(): Losses {
    assert.ok(this.waiting-- > 0, `batch ${this.batch} is not ready`);
    return this.lossesOf(this.parameters, this.batch++);
  }

  async state(step: number): Promise<TrainingState> {
    const { moments, steps } = await this.optimiser.state();
    const own = await this.parameters.read();
    return { step, tensors: new Map([...own, ...moments]), progress: { steps, batch: this.batch } };
  }

  restore({ tensors, progress }: TrainingState): void {
    const { steps, batch } = progress as { steps: Record<string, number>; batch: number };
    const all = [...tensors];
    const ofMoments = ([name]: (typeof all)[number]) => name.startsWith('base/');
    this.parameters.load(new Map(all.filter((entry) => !ofMoments(entry))));
    this.optimiser.restore({ moments: new Map(all.filter(ofMoments)), steps });
    this.batch = batch;
    this.waiting = 0;
  }

  dispose(): void {
    this.optimiser.dispose();
    this.parameters.dispose();
  }
}

const square = (parameters: Parameters) => tf.sum(tf.square(parameters.get('w')));
const harmless: LossesOf = (parameters) => ({ total: square(parameters) });

describe('findNonFinite', () => {
  before(function () {
    if (describeBackend().name === 'webgpu') skip(this, noNaN);
  });

  /** Looks from a step on, which the training comes to first; then nothing may be left of it. */
  const find = async (
    {
      lossesOf,
      rate,
      from = 0,
      until,
    }: {
      lossesOf: LossesOf;
      rate?: Schedule;
      from?: number;
      until: number;
    },
    batches = 1,
  ) => {
    const before = tf.memory().numTensors;
    const toy = new Toy(lossesOf, rate);
    const options = { accumulation: { batches } };
    const start = await toy.state(0);
    if (from > 0) assert.equal(await findNonFinite(toy, start, from - 1, options), undefined);
    const found = await findNonFinite(toy, await toy.state(from), until, options);
    toy.dispose();
    assert.equal(tf.memory().numTensors, before);
    return found;
  };

  for (const batches of [1, 2]) {
    const inEach = batches === 1 ? '' : ', with two batches a step';
    /** The last batch of step 3 */
    const bad = 4 * batches - 1;

    it(`finds nothing where everything is finite${inEach}`, async () => {
      assert.equal(await find({ lossesOf: harmless, until: 5 }, batches), undefined);
    });

    it(`names the loss${inEach}`, async () => {
      const lossesOf: LossesOf = (parameters, batch) => ({
        total: square(parameters),
        penalty: tf.scalar(batch === bad ? NaN : 0),
      });
      const expected = { step: 3, kind: 'loss', tensor: 'penalty', value: NaN };
      for (const from of [0, 2, 3]) {
        assert.deepEqual(await find({ lossesOf, from, until: 5 }, batches), expected);
      }
      assert.equal(await find({ lossesOf, until: 2 }, batches), undefined);
    });

    it(`names the gradient, by group and parameter${inEach}`, async () => {
      // √0 is 0, and so steep that its derivative is none.
      const lossesOf: LossesOf = (parameters, batch) => ({
        total:
          batch === bad
            ? tf.add(square(parameters), tf.sum(tf.sqrt(parameters.get('root'))))
            : square(parameters),
      });
      const found = await find({ lossesOf, until: 5 }, batches);
      assert.deepEqual(found, { step: 3, kind: 'gradient', tensor: 'base/root', value: Infinity });
    });

    it(`names the parameter that an update spoils${inEach}`, async () => {
      const rate: Schedule = (step) => (step === 3 ? 4e38 : 0.1);
      const found = await find({ lossesOf: harmless, rate, until: 5 }, batches);
      assert.deepEqual([found?.step, found?.kind, found?.tensor], [3, 'tensor', 'w']);
      assert.ok(!Number.isFinite(found!.value));
    });
  }
});
