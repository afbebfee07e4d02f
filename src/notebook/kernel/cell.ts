/** One execution of a cell: everything that its code does, also after its end, is attributed to it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { inspect } from 'node:util';
import type { Content, Message } from '../wire.js';
import type { Diagnostic } from './tslab.js';

/** Streams are sent at most so often, in milliseconds: a front end need not draw every line by itself. */
const flushEvery = 50;

/** Why code of an interrupted cell stopped. */
export class Interrupted extends Error {
  constructor() {
    super('the cell was interrupted');
    this.name = 'Interrupted';
  }
}

/** A diagnostic; one of an imported file comes with that file's lines. */
export interface LocatedDiagnostic extends Diagnostic {
  readonly lines?: readonly string[];
}

/** What the compiler said against a cell. */
export class CompileError extends Error {
  /** @param code the cell's source */
  constructor(
    readonly diagnostics: readonly LocatedDiagnostic[],
    readonly code: string,
  ) {
    const { start, messageText, fileName } = diagnostics[0]!;
    const place = `${fileName === undefined ? '' : `${fileName}, `}line ${start.line + 1}`;
    const others = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : '';
    super(`${place}: ${messageText}${others}`);
    this.name = 'CompileError';
  }
}

type Publish = (type: string, parent: Message['parent'], content: Content) => void;

export class Cell {
  private stream: { readonly name: string; text: string } | undefined;
  private lastFlush = 0;
  private timer: NodeJS.Timeout | undefined;

  /** What it threw, or what was thrown on its behalf, in order */
  readonly failures: unknown[] = [];
  /** The value of its last expression */
  result: unknown;
  ended = false;

  /**
   * @param code its source
   * @param count its execution count
   * @param name how its code is called in stack traces
   * @param key what stays the same when the cell is run again
   * @param signal aborted when the cell is interrupted
   */
  constructor(
    readonly code: string,
    readonly count: number,
    readonly name: string,
    readonly key: string,
    readonly signal: AbortSignal,
    private readonly parent: Message['parent'],
    private readonly send: Publish,
  ) {}

  get label(): string {
    return `cell [${this.count}]`;
  }

  /** Node shows with a promise the cell that made it. */
  [inspect.custom](): string {
    return this.label;
  }

  /** Publishes a message as this cell's. */
  publish(type: string, content: Content): void {
    this.flush();
    this.send(type, this.parent, content);
  }

  /** Collects text of a stream and sends it soon. */
  write(name: string, text: string): void {
    if (this.stream && this.stream.name !== name) this.flush();
    this.stream ??= { name, text: '' };
    this.stream.text += text;
    this.timer ??= setTimeout(this.flush.bind(this), flushEvery);
    this.flushIfDue();
  }

  /** Sends what was collected for long enough: timers do not fire while a loop runs. */
  flushIfDue(): void {
    if (this.stream && Date.now() - this.lastFlush >= flushEvery) this.flush();
  }

  /** Sends what was collected. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (!this.stream) return;
    this.lastFlush = Date.now();
    const { name, text } = this.stream;
    this.stream = undefined;
    this.send('stream', this.parent, { name, text });
  }
}

/** The cell whose code is running, wherever its calls have led. */
export const runningCell = new AsyncLocalStorage<Cell>();
