/** Sweep files: many runs of one experiment, said once. */
import path from 'node:path';
import { z } from 'zod';
import { resolveRun, type RunConfig } from '../experiments/config.js';
import { readOptions, type RawOptions } from '../experiments/configFile.js';
import { projectRoot } from '../files/paths.js';
import { combinations, merged, runName, slug, varied, type Grid, type Variation } from './grid.js';

/** One run of a sweep. */
export interface SweepJob {
  /** The run's folder below that of all runs, such as `sweeps/heads/mmp-heads-2-1` */
  readonly name: string;
  /** What it has in common with the runs of other seeds, such as `mmp-heads-2` */
  readonly variant: string;
  readonly config: RunConfig;
  /** The job of this sweep whose run it starts from */
  readonly after?: string;
}

export interface Sweep {
  readonly name: string;
  /** Every job comes after the one that it starts from. */
  readonly jobs: readonly SweepJob[];
}

/** Where the runs of sweeps lie below the folder of all runs. */
export const sweepsFolder = 'sweeps';

const word = z.string().regex(/^[a-z0-9][a-z0-9 ._-]*$/i, 'letters, digits, spaces, ".", "_", "-"');
const options = z
  .looseObject({ seed: z.undefined({ error: 'a sweep has "seeds" beside "runs" instead' }) })
  .partial();
const grid = z.record(
  z.string(),
  z.array(z.union([z.number(), z.string(), z.boolean()])).min(1),
) satisfies z.ZodType<Grid>;

const sweepSchema = z.strictObject({
  name: word,
  /** What all runs have, unless they say otherwise */
  common: options.default({}),
  /** Values of dotted keys: every combination is run */
  vary: grid.default({}),
  seeds: z.array(z.int().min(0)).min(1).default([1]),
  runs: z
    .array(
      options.extend({
        name: word,
        /** Another entry, whose run of the same seed it starts from; or, with a slash, another run */
        from: z.string().optional(),
        /** As above, for this entry alone */
        vary: grid.default({}),
      }),
    )
    .min(1),
});

type SweepOptions = z.output<typeof sweepSchema>;
type Entry = SweepOptions['runs'][number];

/**
 * Reads a sweep file and resolves every run in it.
 *
 * @param changes keys that are to be others than in the file, such as fewer seeds
 * @throws Error naming the file, the entry and the key
 */
export const readSweep = (file: string, changes: RawOptions = {}): Sweep =>
  expandSweep({ ...readOptions(file), ...changes }, path.basename(file));

/** A sweep of data/sweeps by the name of its file, such as `table3`; otherwise as `readSweep`. */
export const projectSweep = (name: string, changes: RawOptions = {}): Sweep =>
  readSweep(path.join(projectRoot, 'data', 'sweeps', `${name}.yaml`), changes);

/** The same runs, each with so large a share of its steps. */
export const shortened = ({ name, jobs }: Sweep, share: number): Sweep => ({
  name,
  jobs: jobs.map((job) => {
    const steps = Math.max(1, Math.round(share * job.config.budget.steps));
    return { ...job, config: { ...job.config, budget: { ...job.config.budget, steps } } };
  }),
});

/**
 * All runs of a sweep.
 *
 * @param source what errors call it
 * @throws Error naming the entry and the key
 */
export function expandSweep(sweep: unknown, source: string): Sweep {
  const parsed = sweepSchema.safeParse(sweep);
  if (!parsed.success) throw new Error(`${source}:\n${z.prettifyError(parsed.error)}`);
  const { name, runs } = parsed.data;
  expectDistinct(
    runs.map((entry) => entry.name),
    (twice) => `${source}: two runs are called "${twice}"`,
  );
  const jobs = inOrder(runs, source).flatMap((entry) => jobsOf(parsed.data, entry, source));
  expectDistinct(
    jobs.map((job) => job.name),
    (twice) => `${source}: two runs would lie in ${twice}; vary and seeds must differ`,
  );
  return { name, jobs };
}

function jobsOf(sweep: SweepOptions, entry: Entry, source: string): SweepJob[] {
  const { name: title, vary, from, ...own } = entry;
  const base = sweep.runs.find(({ name }) => name === from);
  if (base && Object.keys(base.vary).length > 0) {
    throw new Error(`${source}: run "${title}": from: "${base.name}" varies; which is meant?`);
  }
  const folder = `${sweepsFolder}/${slug(sweep.name)}`;
  return combinations(sweep.vary).flatMap((shared) =>
    combinations(vary).flatMap((alone) =>
      sweep.seeds.map((seed) => {
        const variation: Variation = [...shared, ...alone];
        const variant = runName(title, variation);
        const name = `${folder}/${variant}-${seed}`;
        const after = base && `${folder}/${runName(base.name, shared)}-${seed}`;
        const start = after ?? from?.replaceAll('{seed}', String(seed));
        const options: RawOptions = {
          ...varied(merged(sweep.common, own), variation),
          seed,
          ...(start === undefined ? {} : { from: start }),
        };
        const config = resolveRun(options, `${source}: run "${variant}"`);
        return { name, variant, config, ...(after === undefined ? {} : { after }) };
      }),
    ),
  );
}

/** The entries, each after the one that it starts from. */
function inOrder(entries: readonly Entry[], source: string): Entry[] {
  const ordered = new Set<Entry>();
  const visit = (entry: Entry, behind: readonly Entry[]): void => {
    if (behind.includes(entry)) {
      const names = [...behind, entry].map(({ name }) => name);
      throw new Error(`${source}: from: these start from each other: ${names.join(' → ')}`);
    }
    const { name, from } = entry;
    const base = entries.find((other) => other.name === from);
    if (base) visit(base, [...behind, entry]);
    else if (from !== undefined && !from.includes('/')) {
      const known = entries.map((other) => other.name).join(', ');
      throw new Error(
        `${source}: run "${name}": from: there is no "${from}" among ${known}; ` +
          'a run outside of the sweep is named with its folder, such as base/dropout-{seed}',
      );
    }
    ordered.add(entry);
  };
  for (const entry of entries) visit(entry, []);
  return [...ordered];
}

function expectDistinct(names: readonly string[], complaint: (twice: string) => string): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(complaint(twice));
}
