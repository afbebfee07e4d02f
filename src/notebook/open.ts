/** How every notebook opens: which backend it runs on and how much it computes. */
import { describeBackend, useBackend } from '../tensor/backend.js';
import { budgetName, openingMime, type BudgetName, type Opening } from './budget.js';
import { display } from './display.js';

/** Picks what belongs to the current budget. */
export function budget<T>(choices: Readonly<Record<BudgetName, T>>): T {
  return choices[budgetName()];
}

/** Chooses the backend and says which it is; the first line of every notebook. */
export async function openNotebook(): Promise<void> {
  await useBackend();
  const opening: Opening = { ...describeBackend(), budget: budgetName() };
  const { name, device, tfjs, node } = opening;
  display({
    [openingMime]: opening,
    'text/plain': `backend: ${name} (${device}) · TF.js ${tfjs} · Node ${node} · budget: ${opening.budget}`,
  });
}
