/**
 * Checkpoints: everything that a killed training needs to go on as if nothing had happened, in one
 * safetensors file that is whole or not there. Each carries a digest of its contents, so that a damaged one
 * is noticed and the one before it used.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { readSafetensors, writeSafetensors } from '../files/safetensors.js';
import type { NamedValues } from '../tensor/parameters.js';

/** Where a training is. */
export interface TrainingState {
  /** Updates so far */
  readonly step: number;
  /** Parameters and the optimiser's moments */
  readonly tensors: NamedValues;
  /** Everything else, as JSON: random streams, batches, the optimiser's counts, the schedule */
  readonly progress: unknown;
}

/** A checkpoint that cannot be used. */
export interface DamagedCheckpoint {
  readonly file: string;
  readonly reason: string;
}

export interface FoundCheckpoint {
  /** The newest that is whole; none where no file is */
  readonly state: TrainingState | undefined;
  /** Newer ones that are not */
  readonly damaged: readonly DamagedCheckpoint[];
}

const nameOf = (step: number) => `step-${String(step).padStart(9, '0')}.safetensors`;
const isCheckpoint = (name: string) => /^step-\d{9,}\.safetensors$/.test(name);

/**
 * Writes a checkpoint and then removes all but the newest.
 *
 * @param keep how many stay
 * @throws Error naming the file and the reason; earlier checkpoints are then still there
 */
export function writeCheckpoint(folder: string, state: TrainingState, keep: number): void {
  const progress = JSON.stringify(state.progress);
  const step = String(state.step);
  const metadata = { step, progress, digest: digestOf(state.tensors, step, progress) };
  writeSafetensors(path.join(folder, nameOf(state.step)), state.tensors, metadata);
  for (const name of checkpointsIn(folder).slice(keep)) rmSync(path.join(folder, name));
}

/** The newest whole checkpoint. */
export function findCheckpoint(folder: string): FoundCheckpoint {
  const damaged: DamagedCheckpoint[] = [];
  for (const name of checkpointsIn(folder)) {
    const file = path.join(folder, name);
    try {
      return { state: readCheckpoint(file), damaged };
    } catch (error) {
      damaged.push({ file, reason: (error as Error).message });
    }
  }
  return { state: undefined, damaged };
}

function readCheckpoint(file: string): TrainingState {
  const { tensors, metadata } = readSafetensors(file);
  const { step, progress, digest } = metadata;
  if (step === undefined || progress === undefined || digest === undefined) {
    throw new Error(`${file} is no checkpoint: it lacks step, progress or digest`);
  }
  const values = tensors as NamedValues;
  if (digestOf(values, step, progress) !== digest) {
    throw new Error(`${file} is damaged: its contents do not match their digest`);
  }
  return { step: Number(step), tensors: values, progress: JSON.parse(progress) as unknown };
}

function digestOf(tensors: NamedValues, step: string, progress: string): string {
  const hash = createHash('sha256').update(JSON.stringify([step, progress]));
  for (const [name, { shape, values }] of tensors) {
    hash.update(JSON.stringify([name, shape]));
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}

/** Names of checkpoints, the newest first. */
function checkpointsIn(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder).filter(isCheckpoint).sort().reverse();
}
