/** All methods of the emoji experiment under several seeds. */
import path from 'node:path';
import { differingKeys } from '../experiments/config.js';
import {
  emojiConfig,
  emojiMethods,
  emojiRecipes,
  emojiRunName,
  type EmojiMethod,
  type EmojiSettings,
} from '../experiments/emoji.js';
import { readRunConfig, trainRun, type TrainedRun } from '../experiments/trainRun.js';
import { defaultRuns } from '../files/paths.js';
import { readRun, runState } from '../training/runs.js';
import type { SweepJob } from './sweepFile.js';
import { onThisBackend, removeRun, trainSweep, type TrainSweepOptions } from './trainSweep.js';

export interface SeedOptions extends Pick<TrainSweepOptions, 'onProgress'> {
  /** Where the runs go; relative names lie in data/runs */
  readonly folder?: string;
}

const defaultFolder = 'emoji';

function jobOf(method: EmojiMethod, settings: EmojiSettings, seed: number): SweepJob {
  const { start } = emojiRecipes[method];
  const config = onThisBackend(emojiConfig(method, settings, seed));
  const after = start && { after: emojiRunName(start, seed) };
  return { name: emojiRunName(method, seed), variant: method, config, ...after };
}

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
  const runs = path.resolve(defaultRuns, folder);
  const { name, config } = jobOf(method, settings, seed);
  const place = path.join(runs, name);
  const isOther =
    runState(place) !== 'absent' && differingKeys(readRunConfig(place), config).length > 0;
  if (isOther) await removeRun(place);
  if (runState(place) !== 'whole') {
    const { start } = emojiRecipes[method];
    if (start) await emojiRun(start, settings, seed, folder);
    await trainRun(config, { runs, name, resume: true });
  }
  return readRun(place);
}

/**
 * Trains every method under every seed, as `trainSweep` does.
 *
 * @returns the runs, by seed and within it in the order of `emojiMethods`
 * @throws what `trainSweep` throws
 */
export function trainSeeds(
  settings: EmojiSettings,
  seeds: readonly number[],
  { folder = defaultFolder, onProgress }: SeedOptions = {},
): Promise<TrainedRun[]> {
  const runs = path.resolve(defaultRuns, folder);
  const jobs = seeds.flatMap((seed) => emojiMethods.map((method) => jobOf(method, settings, seed)));
  return trainSweep({ name: folder, jobs }, { runs, ...(onProgress ? { onProgress } : {}) });
}
