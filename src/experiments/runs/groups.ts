/** Runs that are the same but for the seed, put together. */
import { differingKeys, type RunConfig } from '../config.js';

/** A run that is compared with others. */
export interface ComparedRun {
  readonly name: string;
  readonly config: RunConfig;
  /** The metric that is compared by scenario or missing table, and its means, of a whole run */
  readonly scores?: Readonly<Record<string, number>>;
}

export interface Group {
  readonly name: string;
  readonly runs: readonly ComparedRun[];
}

/** Groups by label where the runs of every label are the same but for the seed; otherwise each run is alone. */
export function groupsByLabel(runs: readonly ComparedRun[]): Group[] {
  const groups = groupsBy(runs, 'label');
  const areSeeds = groups.every((group) => obstacle(group) === undefined);
  if (areSeeds && groups.length < runs.length) return groups;
  return runs.map((run) => ({ name: run.name, runs: [run] }));
}

/**
 * Groups by the value of a dotted key.
 *
 * @throws Error when no run has the key, or the runs of a group differ in more than the seed
 */
export function groupsByKey(runs: readonly ComparedRun[], key: string): Group[] {
  const keys = new Set(runs.flatMap(({ config }) => [...valuesByKey(config).keys()]));
  if (!keys.has(key)) {
    throw new Error(`--group-by ${key}: no run has this key; there are ${[...keys].join(', ')}`);
  }
  const groups = groupsBy(runs, key);
  for (const group of groups) {
    const reason = obstacle(group);
    if (reason)
      throw new Error(
        `--group-by ${key}: the runs of ${group.name} are more than seeds: ${reason}`,
      );
  }
  return groups;
}

function groupsBy(runs: readonly ComparedRun[], key: string): Group[] {
  const groups = new Map<string, ComparedRun[]>();
  for (const run of runs) {
    const value = valueText(valuesByKey(run.config).get(key));
    const name = key === 'label' ? value : `${key} ${value}`;
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  return [...groups].map(([name, members]) => ({ name, runs: members }));
}

/** Why runs cannot be taken for the same under several seeds. */
function obstacle({ runs }: Group): string | undefined {
  const [first, ...others] = runs as [ComparedRun, ...ComparedRun[]];
  for (const other of others) {
    const keys = differingKeys(
      withoutSeed(first.config, other.config),
      withoutSeed(other.config, first.config),
    );
    if (keys.length > 0) return `${first.name} and ${other.name} differ in ${keys.join(', ')}`;
  }
  const seen = new Map<number, string>();
  for (const { name, config } of runs) {
    const same = seen.get(config.seed);
    if (same !== undefined) return `${same} and ${name} have the same seed ${config.seed}`;
    seen.set(config.seed, name);
  }
  return undefined;
}

/**
 * What a run shares with another seed of the same: runs start from another of their own seed, whose name says it.
 * In `sweeps/table3/dropout-3` only the last number is one, because seed 1 starts from `sweeps/table3/dropout-1`.
 */
export function withoutSeed(config: RunConfig, other: RunConfig) {
  const theirs = other.from?.match(/\d+/g) ?? [];
  let place = 0;
  const from = config.from?.replaceAll(/\d+/g, (number) => {
    const isSeed = [number, theirs[place++]].join() === [config.seed, other.seed].join();
    return isSeed ? '#' : number;
  });
  return { ...config, seed: 0, label: '', from };
}

/** A configuration by dotted keys; lists are values. */
export function valuesByKey(config: object): Map<string, unknown> {
  const below = (value: unknown, key: string): [string, unknown][] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [[key, value]];
    return Object.entries(value).flatMap(([name, one]) => below(one, `${key}.${name}`));
  };
  return new Map(Object.entries(config).flatMap(([key, value]) => below(value, key)));
}

/** A value of a configuration as people read it. */
export function valueText(value: unknown): string {
  if (value === undefined) return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
