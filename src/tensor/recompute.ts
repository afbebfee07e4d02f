/**
 * Gradient checkpointing (Chen et al. 2016): what a part of a network computes on its way is not kept for the gradient
 * but computed again when that comes to it. A training step then needs the memory of the largest part, and of what
 * goes from one part to the next, for the time of a second forward pass.
 */
import { isRunningStatistic } from './batchNorm.js';
import { withGradient } from './custom.js';
import type { Parameters } from './parameters.js';
import type { Stream } from './random.js';
import { tf } from './tf.js';

/** What a part of a network computes with, besides its inputs. */
export interface Means {
  readonly parameters: Parameters;
  /** In training alone: dropout draws from it, and batch normalisation takes the statistics of the batch. */
  readonly training: Stream | undefined;
}

/**
 * f of the inputs, keeping for the gradient these and the parameters alone. The second pass draws what the first drew,
 * and leaves running statistics and the stream as the first left them, so that value and gradients are those of f to the
 * last bit, but that the gradient of an input which others read, too, may be added up in another order.
 *
 * The gradient of all parameters of the part is computed, also where nobody asks for that of some.
 *
 * @param name of the part: it reads parameters whose names begin with it and a dot, and no others
 * @param f computes with the means that it is given, not with those of the caller
 * @throws Error naming a parameter that is not of the part
 */
export function recompute<Given extends Means>(
  means: Given,
  name: string,
  inputs: readonly tf.Tensor[],
  f: (means: Given, inputs: tf.Tensor[]) => tf.Tensor,
): tf.Tensor {
  const { parameters, training } = means;
  const names = parameters.names.filter((each) => each.startsWith(`${name}.`));
  const statistics = names.filter(isRunningStatistic).map((each) => parameters.get(each));
  const differentiated = names.filter((each) => !isRunningStatistic(each));
  const before = training?.copy();
  const run = (random: Stream | undefined, all: readonly tf.Tensor[]) => {
    const values = new Map(
      differentiated.map((each, index) => [each, all[inputs.length + index]!] as const),
    );
    const own = { ...means, parameters: ofPart(name, parameters, values), training: random };
    return f(own, all.slice(0, inputs.length));
  };
  const all = [...inputs, ...differentiated.map((each) => parameters.get(each))];
  return withGradient(
    all,
    (save) => {
      save(all);
      return run(training, all);
    },
    (dy, saved) =>
      withOwnTape(() =>
        unmoved(statistics, () => tf.grads((...again) => run(before?.copy(), again))(saved, dy)),
      ),
  );
}

/** The parameters as the part may read them: those that are differentiated have the given values. */
function ofPart(
  part: string,
  parameters: Parameters,
  values: ReadonlyMap<string, tf.Tensor>,
): Parameters {
  const get = (name: string) => {
    const value = values.get(name);
    if (value) return value;
    if (name.startsWith(`${part}.`)) return parameters.get(name);
    throw new Error(`recompute: ${part} must read parameters of its own alone, got "${name}"`);
  };
  return Object.create(parameters, { get: { value: get } }) as Parameters;
}

/** Runs f, and sets variables back to what they were, which takes no copy of their values. */
function unmoved<T>(variables: readonly tf.Variable[], f: () => T): T {
  const before = variables.map((variable) => variable.clone());
  try {
    return f();
  } finally {
    for (const [index, variable] of variables.entries()) variable.assign(before[index]!);
    tf.dispose(before);
  }
}

/** Lets a gradient compute another one: TF.js has one tape, and would take away that of the first. */
function withOwnTape<T>(f: () => T): T {
  const { state } = tf.engine();
  const { activeTape } = state;
  try {
    return f();
  } finally {
    state.activeTape = activeTape;
  }
}
