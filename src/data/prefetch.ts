/**
 * Fetching ahead of training: while one batch is trained on, the next are read and decoded. Which ones those are,
 * a second iterator tells that draws the same batches as training does, only earlier:
 *
 *     const upcoming = new ShuffledBatches(samples, batchSize, stream(seed, 'upcoming'));
 *     upcoming.restore(batches.state());
 *     const prefetch = new Prefetch(dataset, upcoming, 2);
 *     try {
 *       for (…) {
 *         await prefetch.ready();
 *         const inputs = dataset.inputs(batches.next().value);
 *       }
 *     } finally {
 *       await prefetch.dispose();
 *     }
 */
import { throwIfInterrupted } from '../interruption.js';
import type { Dataset } from './dataset.js';

/** How many batches training fetches ahead */
export const batchesAhead = 3;

interface Batch {
  readonly samples: readonly number[];
  readonly fetched: Promise<void>;
}

export class Prefetch {
  private readonly queue: Batch[] = [];

  /**
   * Begins to fetch.
   *
   * @param upcoming the batches in the order in which they will be needed
   * @param ahead how many batches are fetched or being fetched, beside the one in use
   */
  constructor(
    private readonly dataset: Pick<Dataset, 'fetch' | 'forget'>,
    private readonly upcoming: Iterator<readonly number[], unknown>,
    private readonly ahead: number,
  ) {
    if (!Number.isInteger(ahead) || ahead < 1) {
      throw new Error(`Prefetch: ahead must be a whole number of at least 1, got ${ahead}`);
    }
    this.refill();
  }

  /**
   * Waits until the next batch is fetched, and begins with another one.
   *
   * @returns the batch: its inputs can be asked for, once
   * @throws Error of the data set when the batch cannot be fetched, and when there is none
   */
  async ready(): Promise<readonly number[]> {
    const next = this.queue[0];
    if (!next) throw new Error('Prefetch: there is no further batch');
    await next.fetched;
    this.queue.shift();
    this.refill();
    return next.samples;
  }

  /** Fetches nothing more, and drops what was fetched and not used. */
  async dispose(): Promise<void> {
    const unused = this.queue.splice(0);
    const results = await Promise.allSettled(unused.map(({ fetched }) => fetched));
    results.forEach(({ status }, place) => {
      // Of a batch that could not be fetched the data set has kept nothing.
      if (status === 'fulfilled') this.dataset.forget?.(unused[place]!.samples);
    });
  }

  private refill(): void {
    while (this.queue.length < this.ahead) {
      const { value, done } = this.upcoming.next();
      if (done) return;
      const fetched = this.dataset.fetch?.(value) ?? Promise.resolve();
      // Whoever waits for the batch is told; until then it is nobody's error.
      fetched.catch(() => undefined);
      this.queue.push({ samples: value, fetched });
    }
  }
}

/**
 * Samples in their order, in batches as large as the data set measures at once, each fetched when it comes: its
 * inputs can be asked for, once. The next is fetched while one is in use, and dropped when no more are taken.
 *
 * @throws Error of the data set when a batch cannot be fetched, and the interruption's reason, before any batch
 */
export async function* fetchedBatches(
  dataset: Pick<Dataset, 'fetch' | 'forget' | 'largestBatch'>,
  samples: readonly number[],
): AsyncGenerator<readonly number[], void> {
  const { largestBatch = 64 } = dataset;
  const fetching = new Prefetch(dataset, batchesOf(samples, largestBatch), 1);
  try {
    for (let start = 0; start < samples.length; start += largestBatch) {
      throwIfInterrupted();
      yield await fetching.ready();
    }
  } finally {
    await fetching.dispose();
  }
}

/** Batches of samples in their order, of which the last may be smaller. */
function* batchesOf(samples: readonly number[], size: number): Generator<readonly number[]> {
  for (let start = 0; start < samples.length; start += size) {
    yield samples.slice(start, start + size);
  }
}
