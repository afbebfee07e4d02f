/** The training loop. It knows nothing of which model or method it trains. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfInterrupted } from '../interruption.js';
import { tf } from '../tensor/tf.js';
import { AdamW } from './adamw.js';
import type { Schedule } from './schedule.js';

/** The losses of one step: `total` is differentiated, the others are for the log. */
export type Losses = { readonly total: tf.Tensor } & Readonly<Record<string, tf.Tensor>>;

export interface TrainingRecord {
  readonly step: number;
  readonly learningRate: number;
  /** Each loss of the step by name */
  readonly losses: Readonly<Record<string, number>>;
}

export interface TrainingOptions {
  readonly steps: number;
  readonly optimiser: AdamW;
  readonly learningRate: Schedule;
  /** The losses of a step; its tensors are disposed of by the loop. */
  readonly losses: (step: number) => Losses;
  /** Told every few steps what the steps since the last time have brought. */
  readonly onProgress?: (records: readonly TrainingRecord[]) => void;
}

/** Losses are read in groups of so many steps, because each read waits for the backend. */
const readEvery = 10;

/**
 * Trains for a number of steps. Between any two of them it can be interrupted; the parameters are then what
 * the steps so far have made of them.
 *
 * @returns a record of every step
 * @throws Error naming step and loss when a loss is not finite; the parameters are then of no use
 * @throws the interruption's reason
 */
export async function train(options: TrainingOptions): Promise<TrainingRecord[]> {
  const records: TrainingRecord[] = [];
  let unread: { step: number; losses: Losses }[] = [];
  try {
    for (let step = 0; step < options.steps; step++) {
      // Lets displays, messages and interrupts through between the synchronous steps.
      await nextTurn();
      throwIfInterrupted();
      unread.push({ step, losses: trainStep(options, step) });
      if (unread.length < readEvery && step + 1 < options.steps) continue;
      const { learningRate } = options;
      const read = await Promise.all(unread.map((entry) => readLosses(entry, learningRate)));
      unread = [];
      read.forEach(expectFinite);
      records.push(...read);
      options.onProgress?.(read);
    }
  } finally {
    for (const { losses } of unread) tf.dispose(losses);
  }
  return records;
}

/** One step: losses, gradients, update. The losses stay for the caller to read and dispose of. */
function trainStep({ losses, optimiser, learningRate }: TrainingOptions, step: number): Losses {
  let kept: Losses | undefined;
  tf.tidy(() => {
    const { grads } = tf.variableGrads(() => {
      const all = losses(step);
      // Kept in here, because TF.js frees what the differentiated function makes when it returns.
      const copies = Object.entries(all).map(([name, loss]) => [name, tf.keep(tf.clone(loss))]);
      kept = Object.fromEntries(copies) as Losses;
      return all.total.asScalar();
    }, optimiser.variables);
    optimiser.step(grads, learningRate(step));
  });
  return kept!;
}

async function readLosses(
  { step, losses }: { step: number; losses: Losses },
  learningRate: Schedule,
): Promise<TrainingRecord> {
  const read = Object.entries(losses).map(
    async ([name, loss]) => [name, (await loss.data())[0]!] as const,
  );
  const values = Object.fromEntries(await Promise.all(read));
  tf.dispose(losses);
  return { step, learningRate: learningRate(step), losses: values };
}

function expectFinite({ step, losses }: TrainingRecord): void {
  for (const [name, value] of Object.entries(losses)) {
    if (Number.isFinite(value)) continue;
    throw new Error(`training stopped: the loss "${name}" is ${value} at step ${step}`);
  }
}
