/**
 * Runs are folders:
 *
 *   config.json               what was asked for, with everything filled in
 *   environment.json          what it runs on
 *   log.jsonl                 the losses of every step, as they come
 *   validation.jsonl          what validations between the steps found
 *   checkpoints/              the last states from which it can go on
 *   parameters.safetensors    what came out
 *   results.json              how well it does; the last file, with it the run is whole
 *   failure.json              why it stopped, if it cannot go on
 *   lock.json                 who trains it at the moment
 */
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { readSafetensors, writeSafetensors } from '../files/safetensors.js';
import { writeJson, writeWhole } from '../files/write.js';
import type { NamedValues } from '../tensor/parameters.js';
import { findCheckpoint, writeCheckpoint, type TrainingState } from './checkpoint.js';
import { isLocked } from './lock.js';
import type { TrainingRecord } from './train.js';

/** Parameters by part of the model, such as `base` and `mmp`. */
export type ParameterParts = Readonly<Record<string, NamedValues>>;

/** A whole run. */
export interface Run<Config, Environment, Results> {
  readonly config: Config;
  readonly environment: Environment;
  readonly records: readonly TrainingRecord[];
  readonly parameters: ParameterParts;
  readonly results: Results;
}

/** What a validation found after so many steps. */
export interface Validation {
  readonly step: number;
  readonly loss: number;
}

/**
 * - `running`: somebody trains it now
 * - `stopped`: begun, and can go on
 * - `failed`: begun, and would fail again
 */
export type RunState = 'absent' | 'running' | 'stopped' | 'failed' | 'whole';

export function runState(folder: string): RunState {
  if (isWholeRun(folder)) return 'whole';
  if (!existsSync(path.join(folder, 'config.json'))) return 'absent';
  if (isLocked(folder)) return 'running';
  return existsSync(path.join(folder, 'failure.json')) ? 'failed' : 'stopped';
}

/** Whether a run came to its end. */
export function isWholeRun(folder: string): boolean {
  return existsSync(path.join(folder, 'results.json'));
}

/** What a run writes while it is trained. Every file is either whole or not there, but for the log's end. */
export class RunFolder {
  constructor(readonly folder: string) {}

  begin(config: unknown, environment: unknown): void {
    writeJson(this.file('environment.json'), environment);
    // The last: with it there is a run that can go on.
    writeJson(this.file('config.json'), config);
  }

  /** Adds steps to the log. They are on the disk when this returns, so no checkpoint is ahead of the log. */
  append(records: readonly TrainingRecord[]): void {
    this.appendLines('log.jsonl', records);
  }

  appendValidation(validation: Validation): void {
    this.appendLines('validation.jsonl', [validation]);
  }

  /**
   * Takes the logs back to so many steps: what followed the checkpoint, a failure too, will be made again.
   *
   * @throws Error when the log lacks one of them
   */
  rewind(steps: number): void {
    rmSync(this.file('failure.json'), { force: true });
    const records = linesOf(this.folder, 'log.jsonl').slice(0, steps);
    for (let step = 0; step < steps; step++) {
      const line = records[step];
      if (line !== undefined && recordOf(this.folder, line).step === step) continue;
      throw new Error(`${this.file('log.jsonl')} lacks step ${step}; train the run again`);
    }
    this.rewrite('log.jsonl', records);
    const validations = readValidations(this.folder).filter(({ step }) => step <= steps);
    this.rewrite(
      'validation.jsonl',
      validations.map((one) => JSON.stringify(one)),
    );
  }

  saveCheckpoint(state: TrainingState, keep: number): void {
    writeCheckpoint(this.file('checkpoints'), state, keep);
  }

  findCheckpoint() {
    return findCheckpoint(this.file('checkpoints'));
  }

  finish(parameters: ParameterParts, results: unknown): void {
    const tensors = Object.entries(parameters).flatMap(([part, values]) =>
      [...values].map(([name, tensor]) => [`${part}/${name}`, tensor] as const),
    );
    writeSafetensors(this.file('parameters.safetensors'), new Map(tensors));
    writeJson(this.file('results.json'), results);
  }

  fail(failure: unknown): void {
    writeJson(this.file('failure.json'), failure);
  }

  private appendLines(name: string, values: readonly unknown[]): void {
    const lines = values.map((value) => `${JSON.stringify(value)}\n`);
    try {
      appendFileSync(this.file(name), lines.join(''), { flush: true });
    } catch (error) {
      const reason = (error as Error).message;
      throw new Error(`cannot write ${this.file(name)}: ${reason}`, { cause: error });
    }
  }

  private rewrite(name: string, lines: readonly string[]): void {
    writeWhole(this.file(name), lines.map((line) => `${line}\n`).join(''));
  }

  private file(name: string): string {
    return path.join(this.folder, name);
  }
}

/**
 * Reads a whole run.
 *
 * @throws Error naming the file that is absent or damaged
 */
export function readRun<Config, Environment, Results>(
  folder: string,
): Run<Config, Environment, Results> {
  file(folder, 'log.jsonl');
  return {
    config: readJson(folder, 'config.json') as Config,
    environment: readJson(folder, 'environment.json') as Environment,
    records: readRecords(folder),
    parameters: readParameters(folder),
    results: readJson(folder, 'results.json') as Results,
  };
}

/** The steps in the log, of a run under way too; none before its first. */
export function readRecords(folder: string): TrainingRecord[] {
  return linesOf(folder, 'log.jsonl').map((line) => recordOf(folder, line));
}

/** What validations found; none where the run has none. */
export function readValidations(folder: string): Validation[] {
  return linesOf(folder, 'validation.jsonl').map(
    (line) => parse(folder, 'validation.jsonl', line) as Validation,
  );
}

/** The whole lines of a log; one that was cut short by a death is left out. */
function linesOf(folder: string, name: string): string[] {
  const log = path.join(folder, name);
  return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
}

/** What came out of a whole run. */
export function readParameters(folder: string): ParameterParts {
  const parts: Record<string, NamedValues> = {};
  for (const [key, tensor] of readSafetensors(file(folder, 'parameters.safetensors')).tensors) {
    const [part, name] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
    const values = (parts[part] ??= new Map() as NamedValues);
    values.set(name, tensor as { shape: readonly number[]; values: Float32Array });
  }
  return parts;
}

/** A JSON file of a run. */
export function readJson(folder: string, name: string): unknown {
  return parse(folder, name, readText(folder, name));
}

function file(folder: string, name: string): string {
  const found = path.join(folder, name);
  if (existsSync(found)) return found;
  throw new Error(`${folder} is not a whole run: ${name} is not there; train it again`);
}

const readText = (folder: string, name: string) => readFileSync(file(folder, name), 'utf8');

const recordSchema = z.object({
  step: z.int(),
  learningRate: z.number(),
  losses: z.record(z.string(), z.number()),
});

/** A line of the log of a run. */
export function recordOf(folder: string, line: string): TrainingRecord {
  const { data, error } = recordSchema.safeParse(parse(folder, 'log.jsonl', line));
  if (data) return data;
  throw new Error(`${folder}: log.jsonl is damaged: ${line} is no step: ${z.prettifyError(error)}`);
}

function parse(folder: string, name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${folder}: ${name} is damaged: ${(error as Error).message}`, { cause: error });
  }
}
