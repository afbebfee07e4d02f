/** How much a notebook computes, and the line that says so together with the backend. */
import type { BackendDescription } from '../tensor/backend.js';

export const budgetNames = ['quick', 'full'] as const;
export type BudgetName = (typeof budgetNames)[number];

/** The MIME type under which the opening line is machine-readable. */
export const openingMime = 'application/vnd.mmp.opening+json';

/** What the opening line says. */
export interface Opening extends BackendDescription {
  readonly budget: BudgetName;
}

/**
 * The budget that MMP_BUDGET names: `quick` (the default; minutes on two cores) or `full`.
 *
 * @throws Error when it is neither
 */
export function budgetName(): BudgetName {
  const name = process.env.MMP_BUDGET ?? 'quick';
  if (name === 'quick' || name === 'full') return name;
  throw new Error(`MMP_BUDGET must be ${budgetNames.join(' or ')}, got "${name}"`);
}
