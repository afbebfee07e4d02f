/** How every notebook opens: which backend it runs on and how much it computes. */
import { backendLine, useBackend, type BackendRequest } from '../tensor/backend.js';
import { budgetName, openingMime, type BudgetName, type Opening } from './budget.js';
import { display } from './display.js';

/** Picks what belongs to the current budget. */
export function budget<T>(choices: Readonly<Record<BudgetName, T>>): T {
  return choices[budgetName()];
}

/**
 * Chooses the backend and says which it is; the first line of every notebook.
 *
 * @param backend forces one, as MMP_BACKEND does
 * @throws BackendUnavailable when the one that is forced cannot run here
 */
export async function openNotebook(backend?: BackendRequest): Promise<void> {
  const description = await useBackend(backend);
  const opening: Opening = { ...description, budget: budgetName() };
  display({
    [openingMime]: opening,
    'text/plain': `${backendLine(description)} · budget: ${opening.budget}`,
  });
}
