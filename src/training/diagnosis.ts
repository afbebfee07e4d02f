/**
 * Where numbers stopped being numbers: the steps since a good state are taken again, one by one, and every
 * loss, gradient and parameter is looked at.
 */
import { tf } from '../tensor/tf.js';
import type { AdamW } from './adamw.js';
import type { TrainingState } from './checkpoint.js';
import { firstNotFinite } from './notFinite.js';
import type { Schedule } from './schedule.js';
import { differentiate, updateParameters, type Losses, type Update } from './update.js';

/** A training that can be taken back to where it was. */
export interface Replayable {
  readonly optimiser: AdamW;
  readonly learningRate: Schedule;
  /** Resolves when losses can be computed so many times */
  ready(batches: number): Promise<void>;
  losses(): Losses;
  state(step: number): Promise<TrainingState>;
  restore(state: TrainingState): void;
}

/** The first value that is no finite number, by the order in which a step computes. */
export interface NonFinite {
  readonly step: number;
  /** `tensor`: one of the state, a parameter or a moment */
  readonly kind: 'loss' | 'gradient' | 'tensor';
  readonly tensor: string;
  readonly value: number;
}

/**
 * @param from a state in which everything is finite
 * @param until the step that is looked at last
 * @returns nothing when all of it is finite this time
 */
export async function findNonFinite(
  training: Replayable,
  from: TrainingState,
  until: number,
  options: Pick<Update, 'clipping' | 'accumulation'>,
): Promise<NonFinite | undefined> {
  training.restore(from);
  for (let step = from.step; step <= until; step++) {
    const before = await training.state(step);
    const batches = options.accumulation?.batches ?? 1;
    for (let batch = 0; batch < batches; batch++) {
      await training.ready(1);
      const found = await lookInto(training, step);
      if (found) return found;
    }
    training.restore(before);
    await training.ready(batches);
    const { optimiser, learningRate } = training;
    const losses = updateParameters({
      ...options,
      optimiser,
      learningRate: learningRate(step),
      losses: () => training.losses(),
    });
    tf.dispose(losses);
    const after = await training.state(step + 1);
    for (const [tensor, { values }] of after.tensors) {
      const value = firstNotFinite(values);
      if (value !== undefined) return { step, kind: 'tensor', tensor, value };
    }
  }
  return undefined;
}

/** The losses and gradients of a batch. */
async function lookInto(training: Replayable, step: number): Promise<NonFinite | undefined> {
  const { optimiser } = training;
  const { losses, gradients } = tf.tidy(() =>
    differentiate(() => training.losses(), optimiser.variables),
  );
  const named = [
    ...Object.entries(losses).map(([name, loss]) => ['loss', name, loss] as const),
    ...Object.entries(gradients).map(
      ([name, gradient]) => ['gradient', optimiser.nameOf(name), gradient] as const,
    ),
  ];
  try {
    for (const [kind, tensor, of] of named) {
      const found = firstNotFinite((await of.data()) as Float32Array);
      if (found !== undefined) return { step, kind, tensor, value: found };
    }
    return undefined;
  } finally {
    tf.dispose([losses, gradients]);
  }
}
