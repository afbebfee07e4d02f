/**
 * Who made which tensor, and the end of tensors that nobody can reach any more. TF.js frees a tensor when it
 * is told to; in a notebook nobody tells it, because running a cell again only forgets the old values.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { runningCell, type Cell } from './cell.js';

interface Tensor {
  readonly dataId: object;
  readonly dtype: string;
  readonly size: number;
}

interface Variable extends Tensor {
  readonly name: string;
  readonly trainable: boolean;
}

const isVariable = (tensor: Tensor): tensor is Variable => 'trainable' in tensor;

/** What is left of a tensor when it cannot be reached: enough for TF.js to free it. */
interface Remains extends Tensor {
  /** The cell that made it */
  readonly key: string;
}

/** What we use of TF.js's engine. */
interface Engine {
  trackTensor(tensor: Tensor, backend: unknown): void;
  disposeTensor(tensor: Tensor): void;
  readonly state: { readonly registeredVariables: Record<string, Variable> };
}

/** How many tensors of a cell are alive, and how large they are. */
interface TensorCount {
  /** `cell [3]`, by the cell's last run */
  label: string;
  tensors: number;
  bytes: number;
}

const bytesPerElement: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  complex64: 8,
};

export class Tensors {
  private engine: Engine | undefined;
  private readonly remains = new WeakMap<object, Remains>();
  private readonly counts = new Map<string, TensorCount>();
  /** TF.js holds every variable, so these are to be asked for by hand */
  private readonly variables = new Map<string, WeakRef<Variable>[]>();
  private readonly unreachable = new FinalizationRegistry<Remains>((remains) => {
    this.uncount(remains);
    this.engine?.disposeTensor(remains);
  });

  /** Watches TF.js from the moment on that it is loaded. */
  watch(): void {
    // All copies of TF.js in a process share the one engine that stands here.
    Object.defineProperty(globalThis, '_tfengine', {
      configurable: true,
      get: () => this.engine,
      set: (engine: Engine) => {
        this.engine = engine;
        this.attach(engine);
      },
    });
  }

  /** Frees what nobody can reach, and counts what is left by the cell that made it. */
  async byCell(): Promise<readonly Readonly<TensorCount>[]> {
    await collectGarbage();
    return [...this.counts.values()].filter(({ tensors }) => tensors > 0);
  }

  /**
   * Says that a cell is about to run.
   *
   * @returns where it has made tensors before that are still there: the variables among them
   */
  begin({ key, label }: Cell): readonly WeakRef<Variable>[] | undefined {
    const made = this.counts.get(key);
    if (!made) return undefined;
    made.label = label;
    const before = this.variables.get(key) ?? [];
    this.variables.delete(key);
    return made.tensors > 0 ? before : undefined;
  }

  /** Frees what the cell's earlier run made and nobody can reach now that it has run again. */
  async release(before: readonly WeakRef<Variable>[]): Promise<void> {
    const registered = this.engine!.state.registeredVariables;
    const listed = before.filter((reference) => {
      const variable = reference.deref();
      if (!variable || registered[variable.name] !== variable) return false;
      // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- it is a list by name
      delete registered[variable.name];
      return true;
    });
    await collectGarbage();
    for (const reference of listed) {
      const variable = reference.deref();
      if (variable) registered[variable.name] ??= variable;
    }
  }

  private attach(engine: Engine): void {
    const track = engine.trackTensor.bind(engine);
    const dispose = engine.disposeTensor.bind(engine);
    engine.trackTensor = (tensor, backend) => {
      track(tensor, backend);
      this.add(tensor);
    };
    engine.disposeTensor = (tensor) => {
      const remains = this.remains.get(tensor);
      if (remains) {
        this.unreachable.unregister(tensor);
        this.remains.delete(tensor);
        this.uncount(remains);
      }
      dispose(tensor);
    };
  }

  private add(tensor: Tensor): void {
    const { key = '', label = 'outside of cells' } = runningCell.getStore() ?? {};
    const { dataId, dtype, size } = tensor;
    const remains = { dataId, dtype, size, key };
    this.remains.set(tensor, remains);
    this.unreachable.register(tensor, remains, tensor);
    const count = this.counts.get(key) ?? { label, tensors: 0, bytes: 0 };
    this.counts.set(key, count);
    count.tensors++;
    count.bytes += size * (bytesPerElement[dtype] ?? 0);
    if (isVariable(tensor)) {
      const made = this.variables.get(key) ?? [];
      this.variables.set(key, made);
      made.push(new WeakRef(tensor));
    }
  }

  private uncount({ key, dtype, size }: Remains): void {
    const count = this.counts.get(key)!;
    count.tensors--;
    count.bytes -= size * (bytesPerElement[dtype] ?? 0);
  }
}

let collector: (() => void) | undefined;

/** A full collection, and what is to be done about what it found. */
async function collectGarbage(): Promise<void> {
  if (!collector) {
    setFlagsFromString('--expose-gc');
    collector = runInNewContext('gc') as () => void;
  }
  // A reference that was looked at counts as reachable until the next turn; finalizers have theirs after.
  await turn();
  collector();
  await turn();
}
