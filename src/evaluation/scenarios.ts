/** Scenarios: which modalities are available in testing. */
import { splitModalities, type Split } from '../mmp/masking.js';

export interface Scenario extends Split {
  /** The available modalities, as tables and figures name it: `words + twemoji` */
  readonly name: string;
}

/** The scenario in which exactly these modalities are available. */
export function scenarioOf(modalities: readonly string[], masked: readonly string[]): Scenario {
  const split = splitModalities(modalities, masked);
  return { ...split, name: split.available.join(' + ') };
}

/** Scenarios by their names, such as the keys of a table of accuracies. */
export function scenariosNamed(names: readonly string[]): Scenario[] {
  const available = names.map((name) => name.split(' + '));
  const modalities = [...new Set(available.flat())];
  return names.map((name, index) => {
    const masked = modalities.filter((modality) => !available[index]!.includes(modality));
    return { ...splitModalities(modalities, masked), name };
  });
}

/** Every non-empty set of available modalities, the largest first: 2^M − 1 of them. */
export function allScenarios(modalities: readonly string[]): Scenario[] {
  const count = 2 ** modalities.length - 1;
  const scenarios = Array.from({ length: count }, (_, missing) =>
    scenarioOf(
      modalities,
      modalities.filter((_name, index) => (missing >> index) & 1),
    ),
  );
  return scenarios.sort((a, b) => a.masked.length - b.masked.length);
}
