/**
 * AdamW (Loshchilov and Hutter 2019). Parameters of one shape, decay and rate are updated together, in one
 * operation, instead of twenty for each.
 */
import { defineOperation, type Attributes, type Tensors } from '../tensor/operation.js';
import type { Parameters } from '../tensor/parameters.js';
import { tf } from '../tensor/tf.js';

export interface AdamWOptions {
  /** Decay rates of the two moments */
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  /** Decoupled decay, of every parameter with more than one axis */
  readonly weightDecay: number;
}

/** Parameters that are trained alike. */
export interface ParameterGroup {
  readonly parameters: Parameters;
  /** Their learning rate as a multiple of the one given to `step`; 1 by default */
  readonly rate?: number;
}

export const adamWDefaults: AdamWOptions = {
  betas: [0.9, 0.999],
  epsilon: 1e-8,
  weightDecay: 0.01,
};

/** Variables that are updated in one operation, and their moments [variables, ...shape]. */
interface Batch {
  readonly variables: tf.Variable[];
  readonly decay: number;
  readonly rate: number;
  moments: readonly [tf.Tensor, tf.Tensor];
}

export class AdamW {
  /** What it trains; hand these to `tf.variableGrads`. */
  readonly variables: tf.Variable[];
  private readonly batches: Batch[];
  private steps = 0;

  constructor(
    groups: readonly ParameterGroup[],
    private readonly options: AdamWOptions = adamWDefaults,
  ) {
    const batches = new Map<string, Omit<Batch, 'moments'>>();
    for (const { parameters, rate = 1 } of groups) {
      for (const name of parameters.names) {
        const variable = parameters.get(name);
        const decay = variable.rank > 1 ? options.weightDecay : 0;
        const key = JSON.stringify([variable.shape, decay, rate]);
        const batch = batches.get(key) ?? { variables: [], decay, rate };
        batch.variables.push(variable);
        batches.set(key, batch);
      }
    }
    this.batches = [...batches.values()].map((batch) => {
      const shape = [batch.variables.length, ...batch.variables[0]!.shape];
      return { ...batch, moments: [tf.zeros(shape), tf.zeros(shape)] };
    });
    this.variables = this.batches.flatMap(({ variables }) => variables);
  }

  /**
   * One update: p ← p − η·rate·(m̂/(√v̂ + ε) + decay·p).
   *
   * @param gradients by variable name; a variable without one has the gradient zero, so that its
   *   moments and its decay go on
   * @param learningRate η
   */
  step(gradients: tf.NamedTensorMap, learningRate: number): void {
    const [beta1, beta2] = this.options.betas;
    this.steps++;
    for (const batch of this.batches) {
      const { variables, decay, rate, moments } = batch;
      const inputs: Tensors = { m: moments[0], v: moments[1] };
      variables.forEach((variable, index) => {
        inputs[`p${index}`] = variable;
        const gradient = gradients[variable.name];
        if (gradient) inputs[`g${index}`] = gradient;
      });
      const [m, v, ...updated] = update(inputs, {
        count: variables.length,
        beta1,
        beta2,
        epsilon: this.options.epsilon,
        decay,
        learningRate: learningRate * rate,
        correction1: 1 / (1 - beta1 ** this.steps),
        correction2: 1 / (1 - beta2 ** this.steps),
      });
      variables.forEach((variable, index) => {
        variable.assign(updated[index]!);
      });
      tf.dispose([...updated, ...moments]);
      batch.moments = [tf.keep(m!), tf.keep(v!)];
    }
  }

  dispose(): void {
    for (const { moments } of this.batches) tf.dispose([...moments]);
  }
}

/** From m, v, and p0, p1, … with their gradients g0, g1, … (absent: zero) to the new m, v, p0, p1, … */
const update = defineOperation({
  name: 'AdamW',
  compute: (inputs, attributes) => {
    const { beta1, beta2, epsilon, decay, learningRate, correction1, correction2, count } =
      attributes as Record<string, number>;
    const each = Array.from({ length: count! }, (_, index) => index);
    const p = tf.stack(each.map((index) => inputs[`p${index}`]!));
    const g = tf.stack(
      each.map((index) => inputs[`g${index}`] ?? tf.zerosLike(inputs[`p${index}`]!)),
    );
    const m = tf.add(tf.mul(inputs.m!, beta1!), tf.mul(g, 1 - beta1!));
    const v = tf.add(tf.mul(inputs.v!, beta2!), tf.mul(tf.square(g), 1 - beta2!));
    const deviation = tf.add(tf.sqrt(tf.mul(v, correction2!)), epsilon!);
    const direction = tf.div(tf.mul(m, correction1!), deviation);
    const change = decay === 0 ? direction : tf.add(direction, tf.mul(p, decay!));
    return [m, v, ...tf.unstack(tf.sub(p, tf.mul(change, learningRate!)))];
  },
  wasm: (team, inputs, attributes) => {
    const { m, v } = inputs as { m: tf.TensorInfo; v: tf.TensorInfo };
    const { count } = attributes as { count: number };
    const size = tf.util.sizeFromShape(m.shape.slice(1));
    const [newM, newV] = [team.output(m.shape), team.output(v.shape)];
    const updated = Array.from({ length: count }, () => team.output(m.shape.slice(1)));
    updated.forEach((p, index) => {
      const row = 4 * size * index;
      const gradient = inputs[`g${index}`];
      team.runOnValues(
        'adamW',
        size,
        [
          team.address(inputs[`p${index}`]!),
          gradient ? team.address(gradient) : 0,
          team.address(m) + row,
          team.address(v) + row,
          team.address(p),
          team.address(newM) + row,
          team.address(newV) + row,
        ],
        scalarsOf(attributes),
      );
    });
    return [newM, newV, ...updated];
  },
});

/** The real arguments of the kernel (wasm/assembly/adamW.ts). */
function scalarsOf(attributes: Attributes): number[] {
  const { beta1, beta2, epsilon, decay, learningRate, correction1, correction2 } =
    attributes as Record<string, number>;
  return [
    ...[beta1!, 1 - beta1!, beta2!, 1 - beta2!],
    ...[learningRate!, epsilon!, decay!, correction1!, correction2!],
  ];
}
