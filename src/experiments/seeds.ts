/** All methods of the emoji experiment under several seeds. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { checkWritable } from '../files/folders.js';
import { projectRoot } from '../files/paths.js';
import { throwIfInterrupted } from '../interruption.js';
import { readRun, runState } from '../training/runs.js';
import type { TrainingRecord } from '../training/train.js';
import { differingKeys } from './config.js';
import {
  emojiConfig,
  emojiMethods,
  emojiRecipes,
  emojiRunName,
  stepsOf,
  type EmojiMethod,
  type EmojiSettings,
} from './emoji.js';
import { readRunConfig, trainRun, type TrainedRun } from './trainRun.js';

/** What some steps of a run brought. */
export interface SeedProgress {
  readonly method: EmojiMethod;
  readonly seed: number;
  readonly records: readonly TrainingRecord[];
  /** Steps of all runs so far, and of all runs together */
  readonly done: number;
  readonly total: number;
}

export interface SeedOptions {
  /** Where the runs go; relative names lie in data/runs */
  readonly folder?: string;
  readonly onProgress?: (progress: SeedProgress) => void;
}

const allRuns = path.join(projectRoot, 'data', 'runs');
const defaultFolder = 'emoji';

/**
 * The run of a method with these settings: the one that `trainSeeds` left behind, or, where there is none of
 * these settings, one that is trained now.
 */
export async function emojiRun(
  method: EmojiMethod,
  settings: EmojiSettings,
  seed: number,
  folder = defaultFolder,
): Promise<TrainedRun> {
  const runs = path.resolve(allRuns, folder);
  const [name, config] = [emojiRunName(method, seed), emojiConfig(method, settings, seed)];
  const place = path.join(runs, name);
  const { start } = emojiRecipes[method];
  const isThere =
    runState(place) !== 'absent' && differingKeys(readRunConfig(place), config).length === 0;
  if (!isThere) rmSync(place, { recursive: true, force: true });
  if (runState(place) !== 'whole') {
    if (start) await emojiRun(start, settings, seed, folder);
    await trainRun(config, { runs, name, resume: true });
  }
  return readRun(place);
}

/**
 * Trains every method under every seed. An interruption stops the runs under way; those that are done stay.
 *
 * @returns the runs, by seed and within it in the order of `emojiMethods`
 * @throws Error when the folder cannot be written, before anything is trained
 * @throws the interruption's reason, when nothing trains any more
 */
export async function trainSeeds(
  settings: EmojiSettings,
  seeds: readonly number[],
  { folder = defaultFolder, onProgress }: SeedOptions = {},
): Promise<TrainedRun[]> {
  throwIfInterrupted();
  const runs = path.resolve(allRuns, folder);
  checkWritable(runs);
  const total = seeds.length * emojiMethods.reduce((sum, m) => sum + stepsOf(m, settings), 0);
  let done = 0;
  const trained: TrainedRun[] = [];
  for (const seed of seeds) {
    for (const method of emojiMethods) {
      const name = emojiRunName(method, seed);
      rmSync(path.join(runs, name), { recursive: true, force: true });
      await trainRun(emojiConfig(method, settings, seed), {
        runs,
        name,
        onProgress: (records) => {
          done += records.length;
          onProgress?.({ method, seed, records, done, total });
        },
      });
      trained.push(readRun(path.join(runs, name)));
    }
  }
  return trained;
}
