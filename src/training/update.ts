/** One update of the parameters, from one batch or from several. */
import { tf } from '../tensor/tf.js';
import type { AdamW } from './adamw.js';
import type { Clipping } from './clipping.js';

/** The losses of a batch: `total` is differentiated, the others are for the log. */
export type Losses = { readonly total: tf.Tensor } & Readonly<Record<string, tf.Tensor>>;

/** How the gradients of several batches become one: their mean, clipped once, unless something else is said. */
export interface Accumulation {
  readonly batches: number;
  /** Add the gradients up and do not divide by the number of batches; MMSA trains MulT so. */
  readonly sum?: boolean;
  /** Clip after every batch what has come together so far, and not once before the step; MMSA's MulT again. */
  readonly clipEach?: boolean;
}

export interface Update {
  /** The losses of each batch, 0, 1, …; its tensors are disposed of here. */
  readonly losses: (batch: number) => Losses;
  readonly optimiser: AdamW;
  readonly learningRate: number;
  readonly clipping?: Clipping;
  /** One batch by default */
  readonly accumulation?: Accumulation;
}

/**
 * Losses, gradients, step.
 *
 * @returns the losses, each the mean over the batches, for the caller to read and dispose of
 * @throws Error when a batch has other losses than the first
 */
export function updateParameters({
  losses,
  optimiser,
  learningRate,
  clipping = (gradients) => gradients,
  accumulation = { batches: 1 },
}: Update): Losses {
  const { batches, sum = false, clipEach = false } = accumulation;
  if (!(Number.isInteger(batches) && batches >= 1)) {
    throw new Error(`updateParameters: batches must be 1, 2, …, got ${batches}`);
  }
  return tf.tidy(() => {
    const kept: Losses[] = [];
    let gradients: tf.NamedTensorMap = {};
    for (let batch = 0; batch < batches; batch++) {
      const before = gradients;
      const found = tf.tidy(() => {
        const own = differentiate(() => losses(batch), optimiser.variables, sum ? 1 : batches);
        const together = batch === 0 ? own.gradients : added(before, own.gradients);
        return { ...own, gradients: clipEach ? clipping(together) : together };
      });
      tf.dispose(before);
      gradients = found.gradients;
      kept.push(found.losses);
    }
    optimiser.step(clipEach ? gradients : clipping(gradients), learningRate);
    return batches === 1 ? kept[0]! : meanOf(kept);
  });
}

/**
 * The losses of a batch, and the gradients of the total over the divisor.
 *
 * @returns tensors of the caller, or of the tidy that this is called in
 */
export function differentiate(
  losses: () => Losses,
  variables: tf.Variable[],
  divisor = 1,
): { losses: Losses; gradients: tf.NamedTensorMap } {
  let kept: Losses | undefined;
  try {
    const { grads } = tf.variableGrads(() => {
      const all = losses();
      // Kept, because TF.js frees what the differentiated function makes when it returns.
      kept = eachLoss(all, (loss) => tf.keep(tf.clone(loss)));
      return (divisor === 1 ? all.total : tf.div(all.total, divisor)).asScalar();
    }, variables);
    return { losses: eachLoss(kept!, (loss) => tf.clone(loss)), gradients: grads };
  } finally {
    if (kept) tf.dispose(kept);
  }
}

/** Sums of gradients; a variable may have one in some batches only. */
function added(some: tf.NamedTensorMap, others: tf.NamedTensorMap): tf.NamedTensorMap {
  const names = Object.keys({ ...some, ...others });
  return Object.fromEntries(
    names.map((name) => {
      const terms = [some[name], others[name]].filter((term) => term !== undefined);
      return [name, tf.addN(terms)];
    }),
  );
}

function meanOf(batches: readonly Losses[]): Losses {
  const names = Object.keys(batches[0]!).join(', ');
  batches.forEach((losses, batch) => {
    const own = Object.keys(losses).join(', ');
    if (own === names) return;
    throw new Error(`updateParameters: batch 0 has the losses ${names}, batch ${batch} has ${own}`);
  });
  return eachLoss(batches[0]!, (_, name) =>
    tf.div(tf.addN(batches.map((losses) => losses[name]!)), batches.length),
  );
}

const eachLoss = (losses: Losses, change: (loss: tf.Tensor, name: string) => tf.Tensor): Losses =>
  Object.fromEntries(
    Object.entries(losses).map(([name, loss]) => [name, change(loss, name)]),
  ) as Losses;
