/** Running through items and showing how far it is. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { throwIfInterrupted } from '../interruption.js';
import { Progress } from './progress.js';

export interface TrackOptions {
  /** What the items are */
  readonly label: string;
  /** How many there are, where the items themselves do not say */
  readonly total?: number;
}

/**
 * Gives the items one after the other and shows how many are done. Between two of them the run can be
 * interrupted; it then says in its last line that it stopped, as one does that is left by `break` or by an
 * error.
 *
 * @throws the interruption's reason
 */
export function track<T>(items: Iterable<T>, options: TrackOptions): Generator<T, void>;
export function track<T>(items: AsyncIterable<T>, options: TrackOptions): AsyncGenerator<T, void>;
export function track<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { label, total = countOf(items) }: TrackOptions,
): Generator<T, void> | AsyncGenerator<T, void> {
  if (total !== undefined && !(Number.isInteger(total) && total >= 0)) {
    throw new Error(`track "${label}": the total must be a whole number from 0, got ${total}`);
  }
  return isIterable(items) ? now(items, label, total) : inTime(items, label, total);
}

const isIterable = <T>(items: Iterable<T> | AsyncIterable<T>): items is Iterable<T> =>
  Symbol.iterator in Object(items);

/** The number of items, where arrays and sets say it. */
function countOf(items: object): number | undefined {
  const { length, size } = items as { length?: unknown; size?: unknown };
  return [length, size].find((count): count is number => typeof count === 'number');
}

function* now<T>(items: Iterable<T>, label: string, total?: number): Generator<T, void> {
  const run = new Run(label, total);
  try {
    for (const item of items) {
      run.begin();
      yield item;
      run.done++;
    }
    run.whole = true;
  } finally {
    run.end();
  }
}

async function* inTime<T>(
  items: AsyncIterable<T>,
  label: string,
  total?: number,
): AsyncGenerator<T, void> {
  const run = new Run(label, total);
  try {
    for await (const item of items) {
      // Lets an interruption through where the items themselves wait for nothing.
      await nextTurn();
      run.begin();
      yield item;
      run.done++;
    }
    run.whole = true;
  } finally {
    run.end();
  }
}

/** One run through items. */
class Run {
  done = 0;
  /** Whether there are no more items */
  whole = false;
  private readonly progress: Progress;

  constructor(
    label: string,
    private readonly total?: number,
  ) {
    this.progress = new Progress(label);
  }

  /** Begins an item. */
  begin(): void {
    throwIfInterrupted();
    this.progress.update(this.done, this.total);
  }

  end(): void {
    this.progress.reach(this.done, this.total);
    if (this.whole) this.progress.finish();
    else this.progress.stop();
  }
}
