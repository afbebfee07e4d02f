/**
 * The trainable tensors of a network, by name. Names are the same in memory, in safetensors files
 * and in gradients.
 */
import { expectNames } from './names.js';
import { stream, type Stream } from './random.js';
import { tf } from './tf.js';

/** Fills an array of that many values for a parameter of that shape, drawing from its own stream. */
export type Initialiser = (shape: readonly number[], random: Stream) => Float32Array;

const size = (shape: readonly number[]) => shape.reduce((product, axis) => product * axis, 1);

export const zeros: Initialiser = (shape) => new Float32Array(size(shape));
export const constant =
  (value: number): Initialiser =>
  (shape) =>
    new Float32Array(size(shape)).fill(value);
export const ones: Initialiser = constant(1);
export const normal =
  (standardDeviation: number): Initialiser =>
  (shape, random) =>
    new Float32Array(size(shape)).map(() => standardDeviation * random.normal());

export const uniform =
  (bound: number): Initialiser =>
  (shape, random) =>
    Float32Array.from({ length: size(shape) }, () => random.uniform(-bound, bound));

/** Uniform in ±√(6 / (in + out)) for weights [in, out] (Glorot and Bengio 2010). */
export const xavierUniform: Initialiser = (shape, random) =>
  uniform(Math.sqrt(6 / (shape[0]! + shape[1]!)))(shape, random);

/** Values of parameters away from any backend: what files hold and workers send. */
export type NamedValues = Map<string, { shape: readonly number[]; values: Float32Array }>;

/**
 * Checks values that come from elsewhere: exactly these names and shapes, every value finite.
 *
 * @param where the function on whose behalf this checks; it opens the message
 */
export function expectValues(
  where: string,
  state: NamedValues,
  shapes: ReadonlyMap<string, readonly number[]>,
): void {
  expectNames(where, state.keys(), shapes.keys());
  for (const [name, { shape, values }] of state) {
    const expected = shapes.get(name)!;
    if (expected.join() !== shape.join()) {
      throw new Error(
        `${where}: "${name}" must be [${expected.join(', ')}], got [${shape.join(', ')}]`,
      );
    }
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw new Error(`${where}: "${name}" holds ${values[bad]} at index ${bad}`);
  }
}

export class Parameters {
  private readonly variables = new Map<string, tf.Variable>();

  /** @param seed each parameter draws its first values from the stream of its own name */
  constructor(private readonly seed: number) {}

  /** Declares a parameter; declaring a name twice is an error. */
  add(name: string, shape: number[], initialiser: Initialiser): void {
    if (this.variables.has(name)) throw new Error(`Parameters.add: "${name}" exists already`);
    const values = initialiser(shape, stream(this.seed, name));
    this.variables.set(
      name,
      tf.tidy(() => tf.variable(tf.tensor(values, [...shape], 'float32'), true)),
    );
  }

  has(name: string): boolean {
    return this.variables.has(name);
  }

  /** The parameter of that name; it stays ours. */
  get(name: string): tf.Variable {
    const variable = this.variables.get(name);
    if (variable) return variable;
    const nearby = this.names.filter((known) => known.split('.')[0] === name.split('.')[0]);
    throw new Error(
      `Parameters.get: no "${name}"; there are ${nearby.join(', ') || 'none like it'}`,
    );
  }

  /** All names in the order of declaration. */
  get names(): string[] {
    return [...this.variables.keys()];
  }

  /** How many numbers are trained. */
  get count(): number {
    return this.countOf(() => true);
  }

  /** How many numbers the parameters of these names hold. */
  countOf(isMeant: (name: string) => boolean): number {
    const meant = [...this.variables].filter(([name]) => isMeant(name));
    return meant.reduce((total, [, variable]) => total + variable.size, 0);
  }

  /** The values of every parameter, read from the backend. */
  async read(): Promise<NamedValues> {
    const entries = [...this.variables].map(async ([name, variable]) => {
      const values = Float32Array.from(await variable.data());
      return [name, { shape: variable.shape, values }] as const;
    });
    return new Map(await Promise.all(entries));
  }

  /**
   * Overwrites parameters. Names and shapes must be exactly these and every value finite; nothing is changed
   * otherwise.
   *
   * @param names which; all by default
   */
  load(state: NamedValues, names: readonly string[] = this.names): void {
    const shapes = names.map((name) => [name, this.get(name).shape] as const);
    expectValues('Parameters.load', state, new Map(shapes));
    for (const [name, { shape, values }] of state) {
      tf.tidy(() => {
        this.get(name).assign(tf.tensor(values, [...shape], 'float32'));
      });
    }
  }

  dispose(): void {
    for (const variable of this.variables.values()) variable.dispose();
    this.variables.clear();
  }
}

/** Where parameters are declared: `Parameters`, or whatever wants to know their names and shapes alone. */
export type Declarations = Pick<Parameters, 'add'>;

/** The shape of every parameter that is declared, by name; no tensor is made. */
export function declaredShapes(
  declare: (parameters: Declarations) => void,
): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  declare({ add: (name, shape) => shapes.set(name, shape) });
  return shapes;
}
