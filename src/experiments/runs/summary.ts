/** What is to be known of a run at a glance, read without reading all of it. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { summarise } from '../../evaluation/statistics.js';
import { lossOf } from '../../figures/curves.js';
import { readLastRecords } from '../../training/log.js';
import { runState, type RunState } from '../../training/runs.js';
import { missing, withMean } from './compare.js';
import { readRunConfig, readRunEnvironment, readRunResults } from '../trainRun.js';

export interface RunSummary {
  readonly name: string;
  readonly label?: string;
  readonly seed?: number;
  readonly state: RunState;
  /** Steps so far, and of the whole run */
  readonly done?: number;
  readonly steps?: number;
  /** The mean task loss of the last 20 steps */
  readonly loss?: number;
  /** The mean test accuracy in the scenarios in which something is missing, of a whole run */
  readonly accuracy?: number;
  readonly backend?: string;
  /** When it was last written */
  readonly written?: Date;
  /** What of it cannot be read, and why */
  readonly damages: readonly string[];
}

const recent = 20;

/**
 * @param runs the folder of all runs
 * @param name the run's name below it
 */
export function summaryOf(runs: string, name: string): RunSummary {
  const folder = path.join(runs, name);
  const damages: string[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      damages.push((error as Error).message);
      return undefined;
    }
  };
  const state = runState(folder);
  const config = attempt(() => readRunConfig(folder));
  const last = attempt(() => readLastRecords(folder, recent));
  const losses = last?.map((record) => lossOf(record)).filter((loss) => loss !== undefined) ?? [];
  return {
    name,
    label: config?.label,
    seed: config?.seed,
    state,
    done: last && (last.at(-1)?.step ?? -1) + 1,
    steps: config?.budget.steps,
    loss: losses.length > 0 ? summarise(losses).mean : undefined,
    accuracy: state === 'whole' ? attempt(() => accuracyOf(folder)) : undefined,
    backend: attempt(() => readRunEnvironment(folder).backend.name),
    written: attempt(() => lastWritten(folder)),
    damages,
  };
}

/** Of pretraining, in which nothing is missing, there is none. */
function accuracyOf(folder: string): number | undefined {
  return withMean(readRunResults(folder).test)[missing];
}

/** Not counting the lock, which is touched as long as somebody trains. */
function lastWritten(folder: string): Date {
  const files = readdirSync(folder).filter((file) => !file.startsWith('lock.json'));
  const times = files.map((file) => {
    const stats = statSync(path.join(folder, file), { throwIfNoEntry: false });
    return stats?.mtimeMs ?? 0;
  });
  return new Date(Math.max(...times));
}
