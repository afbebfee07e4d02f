/** The benchmark: every task on every engine that runs here, printed as tables and written as JSON. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../files/paths.js';
import { torchPython } from '../files/torch.js';
import { writeJson } from '../files/write.js';
import { useBackend } from '../tensor/backend.js';
import { compareEngines, type Agreement } from './agreement.js';
import { findEngines, type AbsentEngine, type PresentEngine, type TorchDevice } from './engines.js';
import { measureGrowth, type Growth } from './growth.js';
import { describeMachine, type Machine } from './machine.js';
import { measure, type Job, type Limits, type Measurement } from './measure.js';
import { addedShare, ratioToTorch, summariseTimes, type TimeSummary } from './summary.js';
import {
  agreementLines,
  costTable,
  engineLabel,
  growthTable,
  kernelTable,
  measurementLegend,
  measurementTable,
  softwareNote,
  type AddedCost,
} from './tables.js';
import { writeTask, type PreparedTask } from './task.js';
import { series, tasks } from './tasks.js';

export const defaultBenchFile = path.join(projectRoot, 'data', 'runs', 'bench.json');

export const benchTaskNames = [...Object.keys(tasks), 'growth'];

/** Those that are measured when none is named: not the ones of CMNeXt, which take minutes each */
export const usualTaskNames = benchTaskNames.filter((name) => !['f', 'g', 'h'].includes(name));

/** Growth needs few steps: it is fitted through several sizes. */
const growthRounds = 10;

export interface BenchOptions extends Limits {
  /** Of `benchTaskNames` */
  readonly tasks: readonly string[];
  /** TF.js backends, or `cuda`; by default all, but for WebGPU in software */
  readonly backends?: readonly string[];
  /** Devices of PyTorch; all by default */
  readonly torch?: readonly TorchDevice[];
  /** A Python that has PyTorch, instead of MMP_PYTHON or that of `.venv` */
  readonly python?: string;
  /** Whether the kernels that take the most time are printed */
  readonly profile?: boolean;
  readonly output: string;
}

/** A measurement with the figures of its table. */
export interface SummarisedMeasurement extends Measurement {
  readonly times: TimeSummary | null;
  readonly ratioToTorch: number | null;
  readonly queuedTimes: TimeSummary | null;
  readonly queuedRatioToTorch: number | null;
}

export interface TaskResult {
  readonly name: string;
  readonly title: string;
  readonly measurements: SummarisedMeasurement[];
  readonly agreements: Agreement[];
}

/** What the JSON file holds. */
export interface BenchResult {
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly absent: AbsentEngine[];
  readonly tasks: TaskResult[];
  readonly growth: Growth[];
  readonly costOfMmp: AddedCost[];
}

/**
 * Runs the benchmark.
 *
 * @returns whether all engines agreed
 * @throws Error when a task is unknown
 */
export async function runBench(options: BenchOptions): Promise<boolean> {
  const unknown = options.tasks.find((name) => !benchTaskNames.includes(name));
  if (unknown !== undefined) {
    throw new Error(`bench: no task "${unknown}"; there are ${benchTaskNames.join(', ')}`);
  }
  // Here only to draw parameters; every measurement has a process of its own.
  await useBackend('cpu');
  const machine = describeMachine();
  console.log(
    `${machine.processor}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}, ${machine.date}`,
  );
  const { present, absent } = await findEngines(options, () => torchPython(options.python));
  for (const { command, threads, version, device } of present) {
    console.log(`${engineLabel(command.name, threads)}: ${version}, ${device}`);
  }
  for (const { name, threads, reason } of absent) {
    console.log(`${threads === null ? name : engineLabel(name, threads)}: absent: ${reason}`);
  }

  console.log(measurementLegend);

  const folder = mkdtempSync(path.join(tmpdir(), 'mmp-bench-'));
  try {
    const results: TaskResult[] = [];
    for (const name of options.tasks) {
      results.push(...(await runTasks(tasks[name] ?? [], present, folder, options)));
    }
    const costOfMmp = costs(results);
    if (costOfMmp.length > 0) {
      console.log(`\nWhat MMP costs of a training step\n${costTable(costOfMmp)}`);
    }
    const growth = options.tasks.includes('growth')
      ? await runGrowth(present, folder, options)
      : [];
    const { rounds, seconds } = options;
    const result: BenchResult = {
      machine,
      rounds,
      seconds,
      absent,
      tasks: results,
      growth,
      costOfMmp,
    };
    writeJson(options.output, result);
    console.log(`\n${options.output}`);
    return results.every(({ agreements }) => agreements.every(({ agrees }) => agrees));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Measures tasks that are to be compared, taking turns. */
async function runTasks(
  makers: (typeof tasks)[string],
  engines: readonly PresentEngine[],
  folder: string,
  options: BenchOptions,
): Promise<TaskResult[]> {
  const prepared: PreparedTask[] = [];
  const jobs: Job[] = [];
  for (const make of makers) {
    const one = await make();
    const place = path.join(folder, one.task.name);
    await writeTask(place, one);
    prepared.push(one);
    jobs.push(...engines.map((engine) => ({ engine, folder: place })));
  }
  const measurements = await measure(jobs, options, progress);
  return prepared.map((one, index) => {
    const start = index * engines.length;
    return reportTask(one, measurements.slice(start, start + engines.length), options);
  });
}

function reportTask(
  { task, inputs }: PreparedTask,
  measurements: readonly Measurement[],
  { profile }: BenchOptions,
): TaskResult {
  const { name, title, objective } = task;
  const agreements = compareEngines(measurements);
  const samples = inputs.values().next().value?.shape[0];
  console.log(`\n(${name}) ${title}${softwareNote(measurements)}`);
  console.log(measurementTable(measurements, objective === 'evaluation' ? samples : undefined));
  console.log(agreementLines(agreements));
  if (profile) {
    for (const measurement of measurements) console.log(kernelTable(measurement));
  }
  const summarised = measurements.map((measurement) => ({
    ...measurement,
    times: summariseTimes(measurement.milliseconds),
    ratioToTorch: ratioToTorch(measurement, measurements),
    queuedTimes: summariseTimes(measurement.queuedMilliseconds),
    queuedRatioToTorch: ratioToTorch(measurement, measurements, 'queuedMilliseconds'),
  }));
  return { name, title, measurements: summarised, agreements };
}

async function runGrowth(
  present: readonly PresentEngine[],
  folder: string,
  options: BenchOptions,
): Promise<Growth[]> {
  const engines = present.filter(({ command }) => command.name !== 'cpu');
  const limits = { ...options, rounds: Math.min(options.rounds, growthRounds) };
  const all: Growth[] = [];
  for (const each of series) {
    console.log(`\n${each.title}${softwareNote(engines)}`);
    const growth = await measureGrowth(each, engines, folder, limits, progress);
    console.log(growthTable(growth, limits.rounds));
    all.push(growth);
  }
  return all;
}

/** Tasks that bring the base network alone */
const withAndWithout = ['d', 'f', 'g'];

/** What MMP adds to the training step, where both were measured. */
function costs(results: readonly TaskResult[]): AddedCost[] {
  const of = (name: string) => results.find((result) => result.name === name)?.measurements ?? [];
  return withAndWithout.flatMap((name) =>
    of(name).flatMap(({ engine, threads, times }) => {
      const alone = of(`${name}-base`).find(
        (one) => one.engine === engine && one.threads === threads,
      );
      if (!times || !alone?.times) return [];
      const [base, whole] = [alone.times.median, times.median];
      return [{ task: name, engine, threads, base, whole, share: addedShare(base, whole) }];
    }),
  );
}

/** One line that is written over, in a terminal; nothing in a log. */
function progress(text: string): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}\r`);
}
