/**
 * A task of the benchmark, as every engine reads it from a folder: `task.json`, `inputs.safetensors`, and
 * the parameters that everyone starts from in `base.safetensors` and `mmp.safetensors`.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readSafetensors, writeSafetensors, type StoredTensor } from '../files/safetensors.js';
import { writeJson } from '../files/write.js';
import type { ResolvedConfig } from '../mmp/config.js';
import { Mmp } from '../mmp/mmp.js';
import { SmallVilt, type SmallViltConfig } from '../models/smallVilt.js';
import type { Parameters } from '../tensor/parameters.js';
import { adamWDefaults } from '../training/adamw.js';
import { makeCmnext, type CmnextSizes } from './cmnext.js';

/**
 * What a step computes.
 *
 * - `alignment`: inputs are the tokens of every modality; the alignment loss of MMP (Eq. 2–7)
 * - `classification`: inputs are a batch with its `labels`; the total loss of the base network and MMP
 *   (Eq. 8), or, without MMP, the cross-entropy of the base network on blank masked inputs
 * - `segmentation`: the same of CMNeXt, with a label for every pixel, 255 where there is none
 * - `evaluation`: inputs are samples; the logits of all of them, in batches, without gradients
 */
export type Objective = 'alignment' | 'classification' | 'segmentation' | 'evaluation';

/** AdamW with fixed learning rates. */
export interface Optimiser {
  readonly rate: number;
  /** MMP's learning rate as a multiple of `rate` */
  readonly mmpRate: number;
  /** Of parameters with more than one axis */
  readonly weightDecay: number;
}

export const defaultOptimiser: Optimiser = {
  rate: 1e-3,
  mmpRate: 1,
  weightDecay: adamWDefaults.weightDecay,
};

export interface Task {
  readonly name: string;
  readonly title: string;
  readonly objective: Objective;
  /** 𝒦 */
  readonly masked: readonly string[];
  readonly mmp: ResolvedConfig | null;
  readonly base: SmallViltConfig | null;
  /** The base network of `segmentation` */
  readonly cmnext?: CmnextSizes;
  /** λ (D6), for `classification` and `segmentation` with MMP */
  readonly alignmentWeight: number;
  /** Without one a step of a loss ends with its gradients. */
  readonly optimiser: Optimiser | null;
}

export const taskFiles = {
  task: 'task.json',
  inputs: 'inputs.safetensors',
  base: 'base.safetensors',
  mmp: 'mmp.safetensors',
} as const;

/** A task with its inputs, made when it is needed, because some are large. */
export interface PreparedTask {
  readonly task: Task;
  readonly inputs: ReadonlyMap<string, StoredTensor>;
}

/** Writes a task with its inputs, as `readTask` reads it. */
export function storeTask(folder: string, { task, inputs }: PreparedTask): void {
  mkdirSync(folder, { recursive: true });
  writeJson(path.join(folder, taskFiles.task), task);
  writeSafetensors(path.join(folder, taskFiles.inputs), inputs);
}

export function readTask(folder: string): PreparedTask {
  const task = JSON.parse(readFileSync(path.join(folder, taskFiles.task), 'utf8')) as Task;
  return { task, inputs: readSafetensors(path.join(folder, taskFiles.inputs)).tensors };
}

/** Writes a task with its inputs and freshly drawn parameters into a new folder. */
export async function writeTask(folder: string, { task, inputs }: PreparedTask): Promise<void> {
  storeTask(folder, { task, inputs });
  const save = async (file: string, parameters: Parameters) => {
    writeSafetensors(path.join(folder, file), await parameters.read());
    parameters.dispose();
  };
  if (task.base) await save(taskFiles.base, new SmallVilt(task.base, 1).parameters);
  if (task.cmnext) {
    const { network, weights } = makeCmnext(task.cmnext);
    writeSafetensors(path.join(folder, taskFiles.base), await weights());
    network.parameters.dispose();
  }
  if (task.mmp) await save(taskFiles.mmp, new Mmp(task.mmp, 1).parameters);
}
