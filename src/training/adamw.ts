/**
 * AdamW (Loshchilov and Hutter 2019). Parameters of one shape are updated together, in one operation, instead
 * of twenty for each.
 */
import { defineOperation, type Attributes, type Tensors } from '../tensor/operation.js';
import { expectValues, type NamedValues, type Parameters } from '../tensor/parameters.js';
import { tf } from '../tensor/tf.js';

export interface AdamWOptions {
  /** Decay rates of the two moments */
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Decoupled decay, of every parameter with more than one axis: not of biases, norms and layer scales */
  readonly weightDecay: number;
}

/** Parameters that are trained alike. */
export interface ParameterGroup {
  /** What the group is called in the optimiser's state; its number, 0, 1, …, by default */
  readonly name?: string;
  readonly parameters: Parameters;
  /** Which of them; all by default */
  readonly isTrained?: (name: string) => boolean;
  /** Their learning rate as a multiple of the one given to `step`; 1 by default */
  readonly rate?: number;
}

export const adamWDefaults: AdamWOptions = {
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  weightDecay: 0.01,
};

/**
 * Values above which a variable is updated by itself: stacking copies it, which costs more than the calls
 * that it saves.
 */
const largeSize = 65536;

/** What an optimiser has to know to go on, by `group/parameter`. */
export interface OptimiserState {
  /** First and second moment, under `group/parameter/first` and `group/parameter/second` */
  readonly moments: NamedValues;
  /** Updates so far */
  readonly steps: Readonly<Record<string, number>>;
}

const orders = ['first', 'second'] as const;

/** A variable, how it is trained, and its past. */
interface Member {
  /** Of the state: `group/parameter` */
  readonly name: string;
  readonly variable: tf.Variable;
  readonly decay: number;
  readonly rate: number;
  /** First and second moment, of its shape */
  moments: readonly [tf.Tensor, tf.Tensor];
  /** Updates so far */
  steps: number;
}

export class AdamW {
  /** What it trains; hand these to `tf.variableGrads`. */
  readonly variables: tf.Variable[];
  private readonly members: Member[];

  constructor(
    groups: readonly ParameterGroup[],
    private readonly options: AdamWOptions = adamWDefaults,
  ) {
    const titles = groups.map(({ name }, number) => name ?? String(number));
    const twice = titles.find((title, number) => titles.indexOf(title) !== number);
    if (twice !== undefined) throw new Error(`AdamW: two groups are named "${twice}"`);
    this.members = groups.flatMap(({ parameters, isTrained = () => true, rate = 1 }, number) =>
      parameters.names.filter(isTrained).map((parameter) => {
        const name = `${titles[number]!}/${parameter}`;
        const variable = parameters.get(parameter);
        const decay = variable.rank > 1 ? options.weightDecay : 0;
        const moments = [tf.zerosLike(variable), tf.zerosLike(variable)] as const;
        return { name, variable, decay, rate, moments, steps: 0 };
      }),
    );
    this.variables = this.members.map(({ variable }) => variable);
  }

  /**
   * One update: p ← p − η·rate·(m̂/(√v̂ + ε) + decay·p).
   *
   * @param gradients by variable name; a variable without one is left as it is and has its own count of
   *   steps, as in PyTorch: MMP reaches the weights of a target only when that target is masked
   * @param learningRate η
   */
  step(gradients: tf.NamedTensorMap, learningRate: number): void {
    const batches = new Map<string, Member[]>();
    for (const member of this.members) {
      if (!gradients[member.variable.name]) continue;
      member.steps++;
      const { variable, decay, rate, steps } = member;
      const together = variable.size > largeSize ? variable.name : variable.shape;
      const alike = JSON.stringify([together, decay, rate, steps]);
      batches.set(alike, [...(batches.get(alike) ?? []), member]);
    }
    for (const batch of batches.values()) this.update(batch, gradients, learningRate);
  }

  /** Updates variables that have shape, decay, rate and steps in common. */
  private update(
    batch: readonly Member[],
    gradients: tf.NamedTensorMap,
    learningRate: number,
  ): void {
    const { betas, epsilon } = this.options;
    const { decay, rate, steps } = batch[0]!;
    const inputs: Tensors = {};
    batch.forEach(({ variable, moments: [m, v] }, index) => {
      const gradient = gradients[variable.name]!;
      Object.assign(inputs, {
        [`p${index}`]: variable,
        [`g${index}`]: gradient,
        [`m${index}`]: m,
        [`v${index}`]: v,
      });
    });
    const updated = updateAlike(inputs, {
      count: batch.length,
      beta1: betas[0],
      beta2: betas[1],
      epsilon,
      decay,
      learningRate: learningRate * rate,
      correction1: 1 / (1 - betas[0] ** steps),
      correction2: 1 / (1 - betas[1] ** steps),
    });
    batch.forEach((member, index) => {
      const [p, m, v] = updated.slice(3 * index, 3 * index + 3);
      member.variable.assign(p!);
      tf.dispose([p!, ...member.moments]);
      member.moments = [tf.keep(m!), tf.keep(v!)];
    });
  }

  /** `group/parameter` of a variable that it trains. */
  nameOf(variable: string): string {
    return this.members.find((member) => member.variable.name === variable)?.name ?? variable;
  }

  /** Its past, read from the backend. */
  async state(): Promise<OptimiserState> {
    const reads = this.members.flatMap(({ name, moments }) =>
      moments.map(async (moment, index) => {
        const values = Float32Array.from(await moment.data());
        return [`${name}/${orders[index]!}`, { shape: moment.shape, values }] as const;
      }),
    );
    const steps = Object.fromEntries(this.members.map((member) => [member.name, member.steps]));
    return { moments: new Map(await Promise.all(reads)), steps };
  }

  /**
   * Goes on from where an optimiser of the same parameters was. Names and shapes must be exactly ours and
   * every value finite; nothing is changed otherwise.
   */
  restore({ moments, steps }: OptimiserState): void {
    const shapes = this.members.flatMap(({ name, variable }) =>
      orders.map((order) => [`${name}/${order}`, variable.shape] as const),
    );
    expectValues('AdamW.restore', moments, new Map(shapes));
    this.expectSteps(steps);
    for (const member of this.members) {
      const [first, second] = orders.map((order) => {
        const { shape, values } = moments.get(`${member.name}/${order}`)!;
        return tf.keep(tf.tensor(values, [...shape], 'float32'));
      });
      tf.dispose([...member.moments]);
      member.moments = [first!, second!];
      member.steps = steps[member.name]!;
    }
  }

  private expectSteps(steps: Readonly<Record<string, number>>): void {
    const names = this.members.map(({ name }) => name);
    const unknown = Object.keys(steps).filter((name) => !names.includes(name));
    if (unknown.length > 0) {
      throw new Error(`AdamW.restore: steps of unknown ${unknown.join(', ')}`);
    }
    for (const name of names) {
      const count = steps[name];
      if (Number.isInteger(count) && count! >= 0) continue;
      throw new Error(`AdamW.restore: steps of "${name}" must be 0, 1, …, got ${count}`);
    }
  }

  dispose(): void {
    for (const { moments } of this.members) tf.dispose([...moments]);
  }
}

/**
 * From p0, g0, m0, v0, p1, … of one shape to the new p0, m0, v0, p1, …; our kernels change them in place where
 * nobody else holds them.
 */
const updateAlike = defineOperation({
  name: 'AdamW',
  compute: (inputs, attributes) => {
    const { beta1, beta2, epsilon, decay, learningRate, correction1, correction2, count } =
      attributes as Record<string, number>;
    const all = (name: string) =>
      count === 1
        ? inputs[`${name}0`]!
        : tf.stack(Array.from({ length: count! }, (_, index) => inputs[`${name}${index}`]!));
    const [p, g] = [all('p'), all('g')];
    const m = tf.add(tf.mul(all('m'), beta1!), tf.mul(g, 1 - beta1!));
    const v = tf.add(tf.mul(all('v'), beta2!), tf.mul(tf.square(g), 1 - beta2!));
    const deviation = tf.add(tf.sqrt(tf.mul(v, correction2!)), epsilon!);
    const direction = tf.div(tf.mul(m, correction1! * learningRate!), deviation);
    const kept = decay === 0 ? p : tf.mul(p, 1 - learningRate! * decay!);
    const results = [tf.sub(kept, direction), m, v];
    if (count === 1) return results;
    const updated = results.map((x) => tf.unstack(x));
    return updated[0]!.flatMap((_, index) => updated.map((of) => of[index]!));
  },
  kernels: (device, inputs, attributes) => {
    const { count } = attributes as { count: number };
    const updates = Array.from({ length: count }, (_, index) => {
      const changed = (name: string) => device.changeable(inputs[`${name}${index}`]!);
      return { g: inputs[`g${index}`]!, p: changed('p'), m: changed('m'), v: changed('v') };
    });
    device.adamW(tf.util.sizeFromShape(inputs.p0!.shape), updates, scalarsOf(attributes));
    return updates.flatMap(({ p, m, v }) => [p, m, v]);
  },
});

/** The real arguments of `KernelDevice.adamW` */
function scalarsOf(attributes: Attributes): number[] {
  const { beta1, beta2, epsilon, decay, learningRate, correction1, correction2 } =
    attributes as Record<string, number>;
  return [
    ...[beta1!, 1 - beta1!, beta2!, 1 - beta2!],
    ...[learningRate!, epsilon!, decay!, correction1!, correction2!],
  ];
}
