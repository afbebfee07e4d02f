/** Runs beside each other: in what their configurations differ, and how well they do by one metric. */
import { meanOverMissing, type Accuracies } from '../../evaluation/accuracy.js';
import { topAccuracy, type Metric } from '../../evaluation/metrics.js';
import { scenariosNamed } from '../../evaluation/scenarios.js';
import { summarise, type Summary } from '../../evaluation/statistics.js';
import { valuesByKey, withoutSeed, type ComparedRun, type Group } from './groups.js';

/** Of one or several seeds; null where none is known */
export type Measured = (Summary & { readonly seeds: number }) | null;

/** What runs are compared by; shares are in 0 … 1. */
export type ComparedMetric = Pick<Metric, 'name' | 'higherIsBetter' | 'isShare'>;

export interface Comparison {
  readonly runs: readonly string[];
  /** Keys of the configurations that differ, with the value of each group; null where it has none */
  readonly differing: readonly { key: string; values: readonly unknown[] }[];
  readonly groups: readonly { name: string; runs: readonly string[] }[];
  readonly metric: ComparedMetric;
  /** The metric by scenario or missing table, one of each group, and their differences to those of the first */
  readonly rows: readonly {
    scenario: string;
    values: readonly Measured[];
    differences: readonly Measured[];
  }[];
}

/** What the mean of all scenarios in which something is missing is called. */
export const missing = 'mean of the missing';

/** Accuracies by scenario, and the mean of those in which something is missing where there are any. */
export function withMean(accuracies: Accuracies): Accuracies {
  const scenarios = scenariosNamed(Object.keys(accuracies));
  if (scenarios.every(({ masked }) => masked.length === 0)) return accuracies;
  return { ...accuracies, [missing]: meanOverMissing(accuracies, scenarios) };
}

/**
 * The groups with the one of this name in front, which the others are compared with.
 *
 * @throws Error when there is none of this name
 */
export function startingWith(name: string, groups: readonly Group[]): Group[] {
  const first = groups.find((group) => group.name === name);
  if (first) return [first, ...groups.filter((group) => group !== first)];
  const known = groups.map((group) => group.name).join(', ');
  throw new Error(`--reference: there is no "${name}" among ${known}`);
}

/** @param metric what the runs' scores are; results.json has accuracies */
export function compare(
  runs: readonly ComparedRun[],
  groups: readonly Group[],
  { name: metric, higherIsBetter, isShare }: ComparedMetric = topAccuracy,
): Comparison {
  const scenarios = new Set(runs.flatMap(({ scores }) => Object.keys(scores ?? {})));
  return {
    metric: { name: metric, higherIsBetter, isShare },
    runs: runs.map(({ name }) => name),
    differing: differing(groups),
    groups: groups.map(({ name, runs: members }) => ({
      name,
      runs: members.map((run) => run.name),
    })),
    rows: [...scenarios].map((scenario) => ({
      scenario,
      values: groups.map((group) => measured(valuesIn(group, scenario))),
      differences: groups.map((group) => measured(differencesIn(groups[0]!, group, scenario))),
    })),
  };
}

function differing(groups: readonly Group[]): Comparison['differing'] {
  const tables = groups.map(({ runs: [first, second] }) =>
    valuesByKey(second ? withoutSeed(first!.config, second.config) : first!.config),
  );
  const keys = new Set(tables.flatMap((table) => [...table.keys()]));
  return [...keys]
    .map((key) => ({ key, values: tables.map((table) => table.get(key) ?? null) }))
    .filter(({ values }) => new Set(values.map((value) => JSON.stringify(value))).size > 1);
}

const measured = (values: readonly number[]): Measured =>
  values.length === 0 ? null : { ...summarise(values), seeds: values.length };

function scoreOf({ scores }: ComparedRun, scenario: string): number[] {
  const value = scores?.[scenario];
  return value === undefined ? [] : [value];
}

const valuesIn = ({ runs }: Group, scenario: string): number[] =>
  runs.flatMap((run) => scoreOf(run, scenario));

/** By pairs of the same seed, which share their start and their data; two single runs are a pair in any case. */
function differencesIn(first: Group, other: Group, scenario: string): number[] {
  const areSingle = first.runs.length === 1 && other.runs.length === 1;
  return other.runs.flatMap((run) => {
    const partner = first.runs.find(({ config }) => areSingle || config.seed === run.config.seed);
    const [before] = partner ? scoreOf(partner, scenario) : [];
    return before === undefined ? [] : scoreOf(run, scenario).map((value) => value - before);
  });
}
