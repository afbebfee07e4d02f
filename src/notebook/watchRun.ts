/** Looking on while another process trains a run, such as `mmp train` in a terminal. */
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readRunConfig } from '../experiments/trainRun.js';
import { lossOf, type LossCurveOptions } from '../figures/curves.js';
import { defaultRuns } from '../files/paths.js';
import { throwIfInterrupted } from '../interruption.js';
import { noRun } from '../training/findRuns.js';
import { LogFollower } from '../training/log.js';
import { runState } from '../training/runs.js';
import type { TrainingRecord } from '../training/train.js';
import { LiveCurves } from './liveCurves.js';
import { Progress } from './progress.js';

/** How often the log is looked at, which is also how long an interruption may wait. */
const lookEvery = 250;

/**
 * Draws the loss of a run while it is trained, until nobody trains it any more. A run that nobody trains is
 * drawn as it is.
 *
 * @param run its name below data/runs, or its folder
 * @throws Error when there is no such run
 * @throws the interruption's reason, after the curve has been drawn as far as it is
 */
export async function watchRun(
  run: string,
  options: Omit<LossCurveOptions, 'title'> = {},
): Promise<void> {
  const folder = path.resolve(defaultRuns, run);
  if (runState(folder) === 'absent') throw noRun(defaultRuns, run);
  const { steps } = readRunConfig(folder).budget;
  const log = new LogFollower(folder);
  const curves = new LiveCurves(`The loss of ${run} in training`, options);

  /** Whether it was trained until now, and the last of the steps that are new. */
  const look = (): { isTrained: boolean; last?: TrainingRecord } => {
    // Asked before the log is read: when nobody trains the run any more, the log has all.
    const isTrained = runState(folder) === 'running';
    const records = log.news();
    curves.add(run, records);
    return { isTrained, last: records.at(-1) };
  };

  let { isTrained, last } = look();
  const progress = isTrained ? new Progress(run, (last?.step ?? -1) + 1) : undefined;
  try {
    while (isTrained) {
      throwIfInterrupted();
      await wait(lookEvery);
      ({ isTrained, last } = look());
      if (last) progress?.update(last.step + 1, steps, `loss ${lossOf(last)?.toFixed(4)}`);
    }
    progress?.finish();
  } catch (error) {
    progress?.stop();
    throw error;
  } finally {
    await curves.finish();
  }
}
