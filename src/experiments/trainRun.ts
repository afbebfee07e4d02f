/** One run from its configuration to its results, in a folder from which it goes on wherever it was killed. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { NotFetched } from '../data/dataset.js';
import { interruption } from '../interruption.js';
import type { Accuracies } from '../evaluation/accuracy.js';
import { naming } from '../evaluation/golden.js';
import { inProject } from '../files/paths.js';
import { readSafetensors } from '../files/safetensors.js';
import { loadViltWeights } from '../models/vilt/weights.js';
import { describeBackend, type BackendDescription } from '../tensor/backend.js';
import type { TrainingState } from '../training/checkpoint.js';
import { findNonFinite } from '../training/diagnosis.js';
import { RunLock } from '../training/lock.js';
import { readJson, readParameters, RunFolder, runState, type Run } from '../training/runs.js';
import { firstNotFinite, NotFinite } from '../training/notFinite.js';
import { train, type Milestone, type TrainingRecord } from '../training/train.js';
import { differingKeys, resolveRun, type RunConfig } from './config.js';
import { loadData, partsOf, viltOf } from './model.js';
import { loadCmnextFile } from './segmentation.js';
import { Training, updateOptions } from './training.js';

export interface TrainRunOptions {
  /** The folder of all runs, and the run's name below it */
  readonly runs: string;
  readonly name: string;
  /** Whether a run that was begun goes on and a whole one is left as it is; otherwise both are refused */
  readonly resume?: boolean;
  /** @param done steps so far, of `total` */
  readonly onProgress?: (records: readonly TrainingRecord[], done: number, total: number) => void;
  /** Told what one should know, such as a damaged checkpoint */
  readonly onWarning?: (warning: string) => void;
  /** Stops between two steps, after a checkpoint, or while it measures */
  readonly signal?: AbortSignal;
}

/** What a run stands on. */
export interface RunEnvironment {
  readonly backend: BackendDescription;
  readonly processor: string;
  readonly system: string;
}

export interface RunResults {
  /** Accuracy by scenario; of pretraining, under `matching` alone */
  readonly validation: Accuracies;
  readonly test: Accuracies;
}

export type TrainedRun = Run<RunConfig, RunEnvironment, RunResults>;

/** The configuration of a run that was begun. */
export const readRunConfig = (folder: string): RunConfig =>
  resolveRun(readJson(folder, 'config.json'), path.join(folder, 'config.json'));

/** What a run that was begun stands on. */
export const readRunEnvironment = (folder: string): RunEnvironment =>
  readJson(folder, 'environment.json') as RunEnvironment;

const accuracies = z.record(z.string(), z.number());
const resultsSchema = z.object({ validation: accuracies, test: accuracies });

/** How well a whole run does. */
export function readRunResults(folder: string): RunResults {
  const { data, error } = resultsSchema.safeParse(readJson(folder, 'results.json'));
  if (data) return data;
  throw new Error(`${folder}: results.json is damaged: ${z.prettifyError(error)}`);
}

/**
 * Trains a run on the current backend and writes its folder.
 *
 * @throws Error when a run of this name is there and must not or cannot be continued, when the run that it
 *   starts from is not whole, when something cannot be written, or with a diagnosis when a number is not finite
 * @throws RunIsLocked when somebody else trains it
 * @throws the signal's reason, after a checkpoint
 */
export async function trainRun(config: RunConfig, options: TrainRunOptions): Promise<void> {
  const { runs, name } = options;
  const folder = path.join(runs, name);
  expectStartable(config, options);
  if (runState(folder) === 'whole') return;
  // Before the folder: a configuration that does not fit data or networks leaves nothing behind.
  const training = newTraining(config, runs);
  try {
    mkdirSync(folder, { recursive: true });
    const lock = await RunLock.acquire(folder);
    try {
      // Once more, because another may have trained it until now.
      expectStartable(config, options);
      const state = runState(folder);
      if (state === 'whole') return;
      if (state === 'absent') new RunFolder(folder).begin(config, describeEnvironment());
      await new RunInTraining(config, training, new RunFolder(folder), lock, options).toItsEnd();
    } finally {
      lock.release();
    }
  } finally {
    training.dispose();
  }
}

/**
 * The training of a run before its first step.
 *
 * @throws Error when the configuration does not fit the data set, or the run that it starts from has other
 *   networks
 */
export function newTraining(config: RunConfig, runs: string): Training {
  const training = new Training(config, loadData(config));
  try {
    loadStart(training, config, runs);
    return training;
  } catch (error) {
    training.dispose();
    throw error;
  }
}

/** The base network as another run left it, or with weights from a file. */
function loadStart({ model: { base } }: Training, { from, model }: RunConfig, runs: string): void {
  if (model.name === 'vilt' && model.weights !== undefined) {
    const file = inProject(model.weights);
    naming(file, () => loadViltWeights(viltOf(base), readSafetensors(file).tensors));
  }
  if (model.name === 'cmnext' && model.weights !== undefined) {
    const file = inProject(model.weights);
    naming(file, () => {
      loadCmnextFile(base, file);
    });
  }
  if (from === undefined) return;
  const { name } = readRunConfig(path.join(runs, from)).model;
  if (name !== model.name) {
    throw new Error(
      `from: the base network of ${from} is a ${name}, and model.name is ${model.name}`,
    );
  }
  try {
    base.parameters.load(readParameters(path.join(runs, from)).base!);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`from: the base network of ${from} cannot be taken: ${reason}`, {
      cause: error,
    });
  }
}

class RunInTraining {
  /** Steps so far */
  private done = 0;
  /** Whether all that belongs to these steps has been done: a checkpoint within a validation would leave it out. */
  private isSettled = true;

  constructor(
    private readonly config: RunConfig,
    private readonly training: Training,
    private readonly folder: RunFolder,
    private readonly lock: RunLock,
    private readonly options: TrainRunOptions,
  ) {}

  async toItsEnd(): Promise<void> {
    const { training, folder } = this;
    const start = this.lastCheckpoint();
    if (start) training.restore(start);
    this.done = start?.step ?? 0;
    folder.rewind(this.done);
    let results: RunResults;
    try {
      await this.train();
      results = await this.measure();
    } catch (error) {
      throw await this.afterFailure(error);
    }
    const parts = partsOf(training.model).map(
      async ([part, own]) => [part, await own.read()] as const,
    );
    this.lock.expectHeld();
    folder.finish(Object.fromEntries(await Promise.all(parts)), results);
  }

  /** The newest whole checkpoint; damaged ones are told of. */
  private lastCheckpoint(): TrainingState | undefined {
    const { state, damaged } = this.folder.findCheckpoint();
    const used = state ? `that of step ${state.step} is used` : 'the run begins again';
    for (const { reason } of damaged) this.options.onWarning?.(`${reason}; ${used}`);
    return state;
  }

  private async train(): Promise<void> {
    const { training, folder, config, options } = this;
    const { steps, checkpointEvery, validateEvery } = config.budget;
    const validate: Milestone = {
      every: validateEvery ?? steps,
      reach: async (step) => {
        this.isSettled = false;
        folder.appendValidation({ step, loss: await training.validate() });
        this.isSettled = true;
      },
    };
    const save: Milestone = { every: checkpointEvery, reach: () => this.saveCheckpoint() };
    await train({
      ...updateOptions(config),
      steps,
      firstStep: this.done,
      optimiser: training.optimiser,
      learningRate: training.learningRate,
      ready: () => training.ready(config.optimiser.accumulation?.batches ?? 1),
      losses: () => training.losses(),
      // A plateau schedule learns from the validation, so the checkpoint comes after it.
      milestones: validateEvery === undefined ? [save] : [validate, save],
      onProgress: (records) => {
        this.lock.expectHeld();
        folder.append(records);
        this.done += records.length;
        options.onProgress?.(records, this.done, steps);
      },
      ...(options.signal ? { signal: options.signal } : {}),
    });
  }

  private async saveCheckpoint(): Promise<void> {
    const state = await this.training.state(this.done);
    for (const [name, { values }] of state.tensors) {
      const value = firstNotFinite(values);
      if (value !== undefined) throw new NotFinite(this.done, name, value);
    }
    this.lock.expectHeld();
    this.folder.saveCheckpoint(state, this.config.budget.keepCheckpoints);
  }

  private async measure(): Promise<RunResults> {
    this.training.takeBest();
    const { validation, test } = this.training.dataset.splits;
    const measure = (samples: readonly number[]) =>
      this.training.measure(samples, this.options.signal);
    return { validation: await measure(validation), test: await measure(test) };
  }

  /** What to throw for the failure of `train` or `measure`, after what can be saved has been. */
  private async afterFailure(error: unknown): Promise<unknown> {
    if (error instanceof NotFinite) return this.diagnose(error);
    const stopped = this.options.signal?.aborted === true || interruption()?.aborted === true;
    if (stopped && this.isSettled) await this.saveCheckpoint();
    if (!isOfFiles(error)) return error;
    return new Error(`${error.message}; ${this.kept()}; go on with --resume`, { cause: error });
  }

  /** Finds the tensor in which it began, by taking the steps since the last good state again. */
  private async diagnose(failure: NotFinite): Promise<Error> {
    const { config, folder } = this;
    const again = newTraining(config, this.options.runs);
    try {
      const good = folder.findCheckpoint().state ?? (await again.state(0));
      const found = await findNonFinite(again, good, failure.step, updateOptions(config));
      const where = found
        ? `the first was the ${found.kind} ${found.tensor}, ${found.value} at step ${found.step}`
        : 'it did not happen again when the steps were repeated';
      const message = `${failure.message}; ${where}; ${this.kept()}`;
      folder.fail({ message, step: failure.step, ...found });
      return new Error(message, { cause: failure });
    } finally {
      again.dispose();
    }
  }

  private kept(): string {
    const { state } = this.folder.findCheckpoint();
    if (!state) return 'there is no checkpoint yet';
    return `the checkpoint of step ${state.step} is kept in ${this.folder.folder}`;
  }
}

/** Whether something could not be written or read, which may be otherwise the next time. */
const isOfFiles = (error: unknown): error is Error =>
  error instanceof NotFetched || (error instanceof Error && isSystemError(error.cause));

const isSystemError = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && 'errno' in error;

/**
 * Everything that can be known before a run is trained.
 *
 * @throws Error when the folder lies elsewhere or holds something else, the run is there and must not or cannot go on with this
 *   configuration and backend, or the run that it starts from is not whole
 */
export function expectStartable(
  config: RunConfig,
  { runs, name, resume = false }: Pick<TrainRunOptions, 'runs' | 'name' | 'resume'>,
): void {
  const folder = path.join(runs, name);
  if (path.relative(runs, folder).startsWith('..')) {
    throw new Error(`the run ${name} would lie outside of ${runs}; choose another name`);
  }
  const state = runState(folder);
  if (state === 'absent') expectNothingElse(folder);
  else if (resume) expectContinuable(folder, config);
  else {
    const there = state === 'whole' ? 'is there' : 'was begun';
    throw new Error(`the run ${folder} ${there} already; choose another name, or --resume it`);
  }
  if (config.from === undefined) return;
  const from = path.join(runs, config.from);
  const stateOfFrom = runState(from);
  if (stateOfFrom === 'whole') return;
  throw new Error(`from: ${from} is no whole run but ${stateOfFrom}; train it first`);
}

function expectNothingElse(folder: string): void {
  if (!existsSync(folder)) return;
  // What a process leaves behind that is killed when it begins a run, temporary files among it.
  const ofBeginning = /^(lock|environment|config)\.json/;
  const others = readdirSync(folder).filter((name) => !ofBeginning.test(name));
  if (others.length === 0) return;
  const some = others.slice(0, 3).join(', ');
  throw new Error(`${folder} is no run: it holds ${some}; choose another name`);
}

function expectContinuable(folder: string, config: RunConfig): void {
  const keys = differingKeys(readRunConfig(folder), config);
  if (keys.length > 0) {
    throw new Error(`the run ${folder} has another configuration: ${keys.join(', ')} differ`);
  }
  const { backend } = readRunEnvironment(folder);
  const { name } = describeBackend();
  if (backend.name === name) return;
  throw new Error(
    `the run ${folder} was begun on ${backend.name} and would give other numbers on ${name}; say --backend ${backend.name}`,
  );
}

function describeEnvironment(): RunEnvironment {
  return {
    backend: describeBackend(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    system: `${process.platform} ${process.arch}`,
  };
}
