/**
 * Measures tasks on engines, those that are to be compared together: their steps take turns, one step of
 * each a round, so that whatever else the machine does hits all of them alike.
 */
import { median } from 'simple-statistics';
import { EngineProcess } from './engineProcess.js';
import type { PresentEngine } from './engines.js';
import type { Profile } from './protocol.js';

export interface Limits {
  /** Timed steps of each engine */
  readonly rounds: number;
  /** Time after which an engine takes no further step of a task, in seconds; it always takes one */
  readonly seconds: number;
  /** Timed groups of queued steps of each engine; none by default */
  readonly queuedGroups?: number;
  /** The longest wait for a reply of an engine, in seconds */
  readonly patience?: number;
}

export interface Measurement {
  readonly engine: string;
  readonly threads: number;
  readonly hardware: string;
  readonly device: string;
  readonly version: string;
  /** Untimed steps before the timed ones */
  warmUps: number;
  /** Of every timed step */
  readonly milliseconds: number[];
  /**
   * Of a step, in every timed group of steps that were queued: each starts before the one before it is read, as
   * in training. On a GPU that is the rate, and the time of a single step is the wait for its result.
   */
  readonly queuedMilliseconds: number[];
  /** Of every single step, from the first warm-up step on: the loss before its update */
  readonly values: number[];
  /** Highest resident set of the process, in bytes, with inputs and parameters loaded, and in the end */
  residentLoadedBytes: number | null;
  residentPeakBytes: number | null;
  profile: Profile | null;
  /** Why there is no more of it */
  error: string | null;
}

const wantedWarmUps = 3;

/** Steps in a group; the training loop reads as many losses at once. */
const queuedSteps = 10;

/** An engine, and the folder of the task that it is to run: what `writeTask` wrote. */
export interface Job {
  readonly engine: PresentEngine;
  readonly folder: string;
}

interface Runner {
  readonly measurement: Measurement;
  readonly process: EngineProcess;
  /** Whether its steps can be queued */
  queues: boolean;
  /** Milliseconds that its steps have taken so far */
  spent: number;
}

/**
 * @param say told what is being done, in a few words
 * @returns a measurement of every job, in order; one that failed has an `error`
 */
export async function measure(
  jobs: readonly Job[],
  limits: Limits,
  say: (text: string) => void = () => undefined,
): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  const runners: Runner[] = [];
  try {
    for (const { engine, folder } of jobs) {
      say(`${engine.command.name} (${engine.threads}): warm-up`);
      const measurement = emptyMeasurement(engine);
      measurements.push(measurement);
      await guarded(measurement, async () => {
        const { engine: process } = await EngineProcess.start(engine.command, limits.patience);
        const runner = { measurement, process, queues: false, spent: 0 };
        runners.push(runner);
        const { residentPeakBytes, queues } = await process.prepare(folder);
        measurement.residentLoadedBytes = residentPeakBytes;
        runner.queues = queues;
        // A slow engine's warm-up may take half of its time, and is one step at least.
        do {
          await step(runner);
          measurement.warmUps++;
        } while (measurement.warmUps < wantedWarmUps && runner.spent < limits.seconds * 500);
      });
    }
    for (let round = 0; round < limits.rounds; round++) {
      say(`round ${round + 1} of ${limits.rounds}`);
      for (const runner of runners) {
        const { error, milliseconds } = runner.measurement;
        const outOfTime = milliseconds.length > 0 && runner.spent >= limits.seconds * 1000;
        if (error !== null || outOfTime) continue;
        await guarded(runner.measurement, async () => {
          milliseconds.push(await step(runner));
        });
      }
    }
    await measureQueues(runners, limits, say);
    for (const { measurement, process } of runners) {
      if (measurement.error !== null) continue;
      say(`${measurement.engine} (${measurement.threads}): profile`);
      await guarded(measurement, async () => {
        measurement.profile = await process.profile();
      });
    }
  } finally {
    await Promise.all(runners.map(({ process }) => process.close()));
  }
  return measurements;
}

/** Groups of queued steps, engines taking turns, after one that is not timed. */
async function measureQueues(
  runners: readonly Runner[],
  { queuedGroups = 0, seconds }: Limits,
  say: (text: string) => void,
): Promise<void> {
  if (queuedGroups === 0) return;
  for (let group = 0; group <= queuedGroups; group++) {
    say(`queued steps, ${group} of ${queuedGroups}`);
    for (const runner of runners) {
      const { error, milliseconds, queuedMilliseconds } = runner.measurement;
      if (!runner.queues || error !== null) continue;
      // A group that would not end in time is not begun.
      const expected = queuedSteps * median(milliseconds);
      if (runner.spent + expected > seconds * 1000) continue;
      await guarded(runner.measurement, async () => {
        const { milliseconds: whole } = await runner.process.queue(queuedSteps);
        runner.spent += whole;
        if (group > 0) queuedMilliseconds.push(whole / queuedSteps);
      });
    }
  }
}

function emptyMeasurement(engine: PresentEngine): Measurement {
  const { command, threads, hardware, device, version } = engine;
  return {
    engine: command.name,
    threads,
    hardware,
    device,
    version,
    warmUps: 0,
    milliseconds: [],
    queuedMilliseconds: [],
    values: [],
    residentLoadedBytes: null,
    residentPeakBytes: null,
    profile: null,
    error: null,
  };
}

/** One step, noted; returns its milliseconds. */
async function step(runner: Runner): Promise<number> {
  const { milliseconds, value, residentPeakBytes } = await runner.process.step();
  runner.spent += milliseconds;
  runner.measurement.values.push(value);
  runner.measurement.residentPeakBytes = residentPeakBytes;
  return milliseconds;
}

/** The failure of one engine ends its own measurement and no other. */
async function guarded(measurement: Measurement, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    measurement.error = (error as Error).message;
  }
}
