/** The training loop. It knows nothing of which model or method it trains. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { interruption } from '../interruption.js';
import { tf } from '../tensor/tf.js';
import { NotFinite } from './notFinite.js';
import type { Schedule } from './schedule.js';
import { updateParameters, type Losses, type Update } from './update.js';

export interface TrainingRecord {
  readonly step: number;
  readonly learningRate: number;
  /** Each loss of the step by name */
  readonly losses: Readonly<Record<string, number>>;
}

export interface TrainingOptions extends Omit<Update, 'learningRate' | 'losses'> {
  /** Resolves when what the next step needs is there, for data that are read while it trains */
  readonly ready?: () => Promise<void>;
  /** The losses of a batch of a step; the loop disposes of its tensors. */
  readonly losses: (step: number, batch: number) => Losses;
  /** Steps in all */
  readonly steps: number;
  /** The step to begin with; what went before is the caller's to have restored */
  readonly firstStep?: number;
  readonly learningRate: Schedule;
  /** Told every few steps what the steps since the last time have brought. */
  readonly onProgress?: (records: readonly TrainingRecord[]) => void;
  /** What is done now and then between two steps, in this order. */
  readonly milestones?: readonly Milestone[];
  /** Stops between two steps, as an interrupted cell does. */
  readonly signal?: AbortSignal;
}

export interface Milestone {
  /** After so many steps each time, and after the last */
  readonly every: number;
  /** @param done steps so far; their losses have been read and are finite */
  readonly reach: (done: number) => Promise<void>;
}

/** Losses are read in groups of so many steps, because each read waits for the backend. */
const readEvery = 10;

/**
 * Trains for a number of steps. Between any two of them it can be interrupted; `onProgress` has then been told
 * every step so far, and the parameters are what they have made of them.
 *
 * @returns a record of every step from the first on
 * @throws NotFinite naming step and loss
 * @throws the interruption's or the signal's reason
 */
export async function train(options: TrainingOptions): Promise<TrainingRecord[]> {
  const { steps, firstStep = 0, milestones = [], learningRate, onProgress, signal } = options;
  const records: TrainingRecord[] = [];
  const unread: Unread[] = [];
  const read = async () => {
    const some = await Promise.all(unread.splice(0).map(readLosses));
    some.forEach(expectFinite);
    records.push(...some);
    if (some.length > 0) onProgress?.(some);
  };
  try {
    for (let step = firstStep; step < steps; step++) {
      // Lets displays, messages and interrupts through between the synchronous steps.
      await nextTurn();
      const stop = [interruption(), signal].find((one) => one?.aborted);
      if (stop) await read();
      stop?.throwIfAborted();
      await options.ready?.();
      const rate = learningRate(step);
      const losses = updateParameters({
        ...options,
        learningRate: rate,
        losses: (batch) => options.losses(step, batch),
      });
      unread.push({ step, learningRate: rate, losses });
      const done = step + 1;
      const due = milestones.filter(({ every }) => done % every === 0 || done === steps);
      if (unread.length >= readEvery || done === steps || due.length > 0) await read();
      for (const { reach } of due) await reach(done);
    }
  } finally {
    for (const { losses } of unread) tf.dispose(losses);
  }
  return records;
}

/** A step whose losses nobody has read yet. */
interface Unread {
  readonly step: number;
  readonly learningRate: number;
  readonly losses: Losses;
}

async function readLosses({ step, learningRate, losses }: Unread): Promise<TrainingRecord> {
  const read = Object.entries(losses).map(
    async ([name, loss]) => [name, (await loss.data())[0]!] as const,
  );
  const values = Object.fromEntries(await Promise.all(read));
  tf.dispose(losses);
  return { step, learningRate, losses: values };
}

function expectFinite({ step, losses }: TrainingRecord): void {
  for (const [name, value] of Object.entries(losses)) {
    if (!Number.isFinite(value)) throw new NotFinite(step, `the loss "${name}"`, value);
  }
}
