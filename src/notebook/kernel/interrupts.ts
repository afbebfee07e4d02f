/** What compiled cells call so that they can be interrupted; see instrument.ts. */
import { setMaxListeners } from 'node:events';
import { Interrupted, runningCell } from './cell.js';
import { flag } from './sockets.js';

/** Where in cells an error has passed through an `await`, innermost first. */
export interface AwaitSite {
  readonly script: string;
  readonly site: number;
}

const passed = new WeakMap<object, AwaitSite[]>();

/** V8's stack of an error ends where our promises begin; these are the cells' frames beyond. */
export function awaitSitesOf(error: unknown): readonly AwaitSite[] {
  return (typeof error === 'object' && error !== null ? passed.get(error) : undefined) ?? [];
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  (typeof value === 'object' || typeof value === 'function') &&
  value !== null &&
  typeof (value as { then?: unknown }).then === 'function';

/**
 * Interrupts of this process: from the socket thread, which counts them in memory that both threads see, and
 * from signals.
 */
export class Interrupts {
  /** One for all cells since the last interrupt: what goes on in the background stops too. */
  private controller = newController();

  constructor(private readonly flags: Int32Array) {}

  /** Aborted at the next interrupt. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Aborts whatever runs. */
  interrupt(): void {
    Atomics.store(this.flags, flag.handled, Atomics.load(this.flags, flag.requested));
    this.controller.abort(new Interrupted());
    this.controller = newController();
  }

  /** Acts on what the socket thread asked for, unless a loop has seen it already. */
  interruptIfRequested(): void {
    if (this.isRequested()) this.interrupt();
  }

  /** SIGINT: from outside, or from the socket thread because nothing happened for a while. */
  onSignal(): void {
    const own = Atomics.exchange(this.flags, flag.signalled, 0) === 1;
    if (!own || this.isRequested()) this.interrupt();
  }

  private isRequested(): boolean {
    return Atomics.load(this.flags, flag.requested) !== Atomics.load(this.flags, flag.handled);
  }

  /** Ends a loop of an interrupted cell, and shows what one that goes on has printed. */
  readonly check = (): void => {
    this.interruptIfRequested();
    const cell = runningCell.getStore();
    cell?.signal.throwIfAborted();
    cell?.flushIfDue();
  };

  /** The value of a promise, unless the cell is interrupted before it has one. */
  readonly interruptible = (value: unknown, script: string, site: number): unknown => {
    const signal = runningCell.getStore()?.signal;
    if (!signal || !isThenable(value)) return value;
    signal.throwIfAborted();
    return new Promise((resolve, reject) => {
      const abort = () => {
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', abort);
      value.then(
        (result) => {
          signal.removeEventListener('abort', abort);
          resolve(result);
        },
        (error: unknown) => {
          signal.removeEventListener('abort', abort);
          if (typeof error === 'object' && error !== null) {
            passed.set(error, [...(passed.get(error) ?? []), { script, site }]);
          }
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- handed on as it is
          reject(error);
        },
      );
    });
  };

  /** What `for await` runs over, each step interruptible. */
  readonly interruptibleItems = (
    items: AsyncIterable<unknown> | Iterable<unknown>,
    script: string,
    site: number,
  ): AsyncIterable<unknown> => ({
    [Symbol.asyncIterator]: () => {
      const iterator =
        Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
      const step = async (result: unknown) => {
        const { done, value } = (await this.interruptible(result, script, site)) as IteratorResult<
          unknown,
          unknown
        >;
        // A synchronous iterable may hold promises.
        return { done: done === true, value: await this.interruptible(value, script, site) };
      };
      return {
        next: () => step(iterator.next()),
        return: async (value?: unknown) =>
          step((await iterator.return?.(value)) ?? { done: true, value }),
      };
    },
  });
}

function newController(): AbortController {
  const controller = new AbortController();
  // Each await of a cell listens, and there may be many.
  setMaxListeners(0, controller.signal);
  return controller;
}
