/**
 * Runs are folders: `config.json` (what was asked for), `log.jsonl` (the losses of every step),
 * `parameters.safetensors` (what came out) and `results.json` (how well it does). A folder appears under
 * its name only when all of it is written.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beginFolder, finishFolder } from '../files/folders.js';
import { readSafetensors, writeSafetensors } from '../files/safetensors.js';
import { writeJson, writeWhole } from '../files/write.js';
import type { NamedValues } from '../tensor/parameters.js';
import type { TrainingRecord } from './train.js';

export interface Run<Config, Results> {
  readonly config: Config;
  readonly records: readonly TrainingRecord[];
  /** Parameters by part of the model, such as `base` and `mmp` */
  readonly parameters: Readonly<Record<string, NamedValues>>;
  readonly results: Results;
}

/**
 * Writes a run; one that stood there before is replaced.
 *
 * @throws Error naming the folder and the reason when it cannot be written
 */
export function writeRun<Config, Results>(folder: string, run: Run<Config, Results>): void {
  const partial = beginFolder(folder);
  writeJson(path.join(partial, 'config.json'), run.config);
  const lines = run.records.map((record) => `${JSON.stringify(record)}\n`);
  writeWhole(path.join(partial, 'log.jsonl'), lines.join(''));
  const tensors = Object.entries(run.parameters).flatMap(([part, values]) =>
    [...values].map(([name, tensor]) => [`${part}/${name}`, tensor] as const),
  );
  writeSafetensors(path.join(partial, 'parameters.safetensors'), new Map(tensors));
  writeJson(path.join(partial, 'results.json'), run.results);
  finishFolder(partial, folder);
}

/**
 * Reads a run.
 *
 * @throws Error naming the file that is absent or damaged
 */
export function readRun<Config, Results>(folder: string): Run<Config, Results> {
  const lines = readText(folder, 'log.jsonl').split('\n').filter(Boolean);
  const parameters: Record<string, NamedValues> = {};
  for (const [key, tensor] of readSafetensors(file(folder, 'parameters.safetensors')).tensors) {
    const [part, name] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
    const values = (parameters[part] ??= new Map() as NamedValues);
    values.set(name, tensor as { shape: readonly number[]; values: Float32Array });
  }
  return {
    config: parse(folder, 'config.json') as Config,
    records: lines.map((line) => parse(folder, 'log.jsonl', line) as TrainingRecord),
    parameters,
    results: parse(folder, 'results.json') as Results,
  };
}

/** Whether a folder holds a run; its last file is written last, and the folder is renamed after that. */
export function isWholeRun(folder: string): boolean {
  return existsSync(path.join(folder, 'results.json'));
}

function file(folder: string, name: string): string {
  const found = path.join(folder, name);
  if (existsSync(found)) return found;
  throw new Error(`${folder} is not a whole run: ${name} is not there; train it again`);
}

const readText = (folder: string, name: string) => readFileSync(file(folder, name), 'utf8');

function parse(folder: string, name: string, text = readText(folder, name)): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${folder}: ${name} is damaged: ${(error as Error).message}`, { cause: error });
  }
}
