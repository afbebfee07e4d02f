/** The tensors of a network's golden case, checked. */
import { expectNames } from '../../tensor/names.js';
import { expectShapes, type Axes } from '../../tensor/shapes.js';
import type { NetworkCase } from './folder.js';

/**
 * Checks that a case holds exactly these tensors, in these shapes.
 *
 * @param shapes by name, in axis letters as `expectShapes` takes them
 * @param known letters that are bound already
 * @returns what each letter stands for
 */
export function expectCase(
  tensors: NetworkCase['tensors'],
  shapes: Readonly<Record<string, string>>,
  known: Axes,
): Axes {
  expectNames('the case', tensors.keys(), Object.keys(shapes));
  const named = Object.entries(shapes).map(
    ([name, shape]) => [name, [tensors.get(name)!, shape]] as const,
  );
  return expectShapes('the case', Object.fromEntries(named), known);
}
