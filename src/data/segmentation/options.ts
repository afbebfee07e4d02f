/** What all data sets of labelled images can be asked for. */
import type { ImageFilesOptions } from './dataset.js';
import type { ValidationOptions } from './lists.js';

export interface SegmentationOptions extends ImageFilesOptions, ValidationOptions {
  /** Some of the modalities; all by default. They keep the order of the data set. */
  readonly modalities?: readonly string[];
}

/** @throws Error naming the option that is no whole number of at least 2 */
export function expectSides(sides: Readonly<Record<string, number>>, source: string): void {
  for (const [name, side] of Object.entries(sides)) {
    if (Number.isInteger(side) && side >= 2) continue;
    throw new Error(`${source}: ${name} must be a whole number of at least 2, got ${side}`);
  }
}
