/** How many images a run holds that are read from files. */
import { batchesAhead } from '../data/prefetch.js';
import type { RunConfig } from './config.js';

/** Images of a measurement between two steps */
const imagesMeasured = 64;

/** How many images a run has in memory at most: those of an update, those ahead, and those of a measurement. */
export function imagesKept({ budget, optimiser }: RunConfig): number {
  const batches = optimiser.accumulation?.batches ?? 1;
  // Twice, because a training that is taken back fetches anew while it drops what it was ahead.
  return (batches + 2 * batchesAhead) * budget.batchSize + imagesMeasured;
}
