/** The machine that a pickle is a program for: a stack, marks on it, and a memory of what was made before. */
import type { Allowance } from './allowance.js';
import { Dtype } from './dtype.js';
import { NamedFunction, type StackValue } from './globals.js';
import { UnbuiltArray } from './numpy.js';
import type { ByteSource } from './source.js';
import { describe, type PickledKey, type PickledValue } from './values.js';

/** Before it is known whether they are changed further. */
type List = PickledValue[];
type Dict = Map<PickledKey, PickledValue>;

export class Machine {
  private readonly stack: StackValue[] = [];
  /** How high the stack was at each mark */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, StackValue>();
  /** What the file says at its end, and whether it did */
  result?: { readonly value: StackValue };

  constructor(
    readonly source: ByteSource,
    readonly allowance: Allowance,
  ) {}

  push(value: StackValue): void {
    this.stack.push(value);
  }

  /** @throws Error when nothing lies above the last mark */
  pop(): StackValue {
    this.top();
    return this.stack.pop()!;
  }

  top(): StackValue {
    if (this.stack.length > (this.marks.at(-1) ?? 0)) return this.stack.at(-1)!;
    throw new Error('the stack is empty');
  }

  isOnTop(value: StackValue): boolean {
    return this.stack.at(-1) === value;
  }

  mark(): void {
    this.marks.push(this.stack.length);
  }

  /** Takes what lies above the last mark, and the mark. */
  popToMark(): PickledValue[] {
    const height = this.marks.pop();
    if (height === undefined) throw new Error('there is no mark on the stack');
    // Functions and the like may lie between, for a call; expectPlain finds them where none should be.
    return this.stack.splice(height) as PickledValue[];
  }

  /** The last `count` values. */
  popTuple(count: number): PickledValue[] {
    return Array.from({ length: count }, () => this.pop() as PickledValue).reverse();
  }

  /** What Python calls POP drops the last value, or the last mark where it is on top. */
  drop(): void {
    if (this.marks.at(-1) === this.stack.length) this.marks.pop();
    else this.pop();
  }

  remember(place = this.memo.size): void {
    this.memo.set(place, this.top());
  }

  recall(place: number): void {
    const value = this.memo.get(place);
    if (value === undefined) throw new Error(`nothing was remembered as ${place}`);
    if (!(value instanceof UnbuiltArray)) this.push(value);
    else if (value.built) this.push(value.built);
    else throw new Error('an array is used before its elements are there');
  }

  appendTo(values: readonly PickledValue[]): void {
    const list = this.top();
    if (!Array.isArray(list)) throw new Error(`${describe(list)} instead of a list`);
    for (const value of values) (list as List).push(value);
  }

  setItems(pairs: readonly PickledValue[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) throw new Error(`${describe(dict)} instead of a dict`);
    if (pairs.length % 2 !== 0) throw new Error('a key without a value');
    for (let index = 0; index < pairs.length; index += 2) {
      (dict as Dict).set(asKey(pairs[index]), pairs[index + 1]!);
    }
  }

  /** Calls a function of the list of those that are allowed. */
  reduce(): void {
    const parameters = this.pop();
    const called = this.pop();
    if (!(called instanceof NamedFunction)) throw new Error(`${describe(called)} cannot be called`);
    if (!Array.isArray(parameters)) {
      throw new Error(`${called.name} is called with ${describe(parameters)} instead of a tuple`);
    }
    try {
      this.push(called.call(parameters as readonly unknown[], this.allowance));
    } catch (error) {
      throw new Error(`${called.name}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Gives an array or a dtype its state; nothing else has one. */
  build(): void {
    const state = this.pop();
    const target = this.top();
    if (target instanceof Dtype) {
      target.build(state);
    } else if (target instanceof UnbuiltArray) {
      this.pop();
      this.push(target.build(state, this.allowance));
    } else {
      const what = target instanceof NamedFunction ? target.name : describe(target);
      throw new Error(`it sets the state of ${what}, which has none`);
    }
  }

  stop(): void {
    const value = this.pop();
    const unused = this.stack.length + this.marks.length;
    if (unused > 0) throw new Error(`${unused} values and marks are left over at its end`);
    if (this.source.left > 0) throw new Error(`${this.source.left} bytes follow its end`);
    this.result = { value };
  }
}

function asKey(value: unknown): PickledKey {
  if (value === null) return null;
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    default:
      throw new Error(`the key of a dict is ${describe(value)}, expected a text or a number`);
  }
}
