/** Whether all engines computed the same: their losses, before any update and after a few. */
import type { Measurement } from './measure.js';

/** Largest relative difference that single precision explains. */
export const agreementLimit = 1e-3;

/** The later loss that is compared is that of so many steps, and with that updates, after the first. */
const laterSteps = 5;

export interface Agreement {
  readonly engine: string;
  readonly threads: number;
  /** The engine that it is compared with */
  readonly reference: string;
  /** Relative difference of the first losses, before any update */
  readonly first: number;
  /** Relative difference `steps` steps later; fewer than five where one of the two made fewer */
  readonly later: number;
  readonly steps: number;
  readonly agrees: boolean;
}

/** Compares every engine that made a step with the first one that did. */
export function compareEngines(measurements: readonly Measurement[]): Agreement[] {
  const [reference, ...others] = measurements.filter(({ values }) => values.length > 0);
  if (!reference) return [];
  return others.map((other) => {
    const last = Math.min(laterSteps, reference.values.length - 1, other.values.length - 1);
    const first = relativeDifference(other.values[0]!, reference.values[0]!);
    const later = relativeDifference(other.values[last]!, reference.values[last]!);
    return {
      engine: other.engine,
      threads: other.threads,
      reference: reference.engine,
      first,
      later,
      steps: last,
      // Not "no difference above": NaN agrees with nothing.
      agrees: first <= agreementLimit && later <= agreementLimit,
    };
  });
}

function relativeDifference(value: number, reference: number): number {
  return value === reference ? 0 : Math.abs(value - reference) / Math.abs(reference);
}
