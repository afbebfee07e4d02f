/** What is measured: the tasks by name, and the series that show how cost grows. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../files/paths.js';
import type { StoredTensor } from '../files/safetensors.js';
import { resolveConfig } from '../mmp/config.js';
import { stream } from '../tensor/random.js';
import type { CmnextSizes } from './cmnext.js';
import type { EmojiTaskName } from './emojiTasks.js';
import { cmnextB2, segmentationTask } from './segmentationTasks.js';
import { defaultOptimiser, readTask, type Optimiser, type PreparedTask } from './task.js';

export interface MmpSizes {
  /** B */
  readonly batch: number;
  /** N_m of each modality; how many there are is M */
  readonly tokens: readonly number[];
  /** d */
  readonly width: number;
  /** H */
  readonly heads: number;
}

/**
 * MMP by itself, on random tokens, the last modality masked.
 *
 * @param optimiser null leaves the step at forward and backward
 */
export function mmpTask(
  name: string,
  title: string,
  { batch, tokens, width, heads }: MmpSizes,
  optimiser: Optimiser | null = defaultOptimiser,
): PreparedTask {
  const modalities = tokens.map((count, index) => ({ name: `m${index}`, tokens: count, width }));
  const inputs = new Map<string, StoredTensor>();
  for (const modality of modalities) {
    const random = stream(1, modality.name);
    const values = Float32Array.from({ length: batch * modality.tokens * width }, () =>
      random.normal(),
    );
    inputs.set(modality.name, { shape: [batch, modality.tokens, width], values });
  }
  return {
    task: {
      name,
      title,
      objective: 'alignment',
      masked: [modalities.at(-1)!.name],
      mmp: resolveConfig({ modalities, width, heads }),
      base: null,
      alignmentWeight: 1,
      optimiser,
    },
    inputs,
  };
}

/** Where a bundle has the tasks on emoji, so that it needs neither the pictures nor what draws them. */
export const storedTasks = path.join(projectRoot, 'data', 'bench');

async function emojiTask(name: EmojiTaskName): Promise<PreparedTask> {
  const stored = path.join(storedTasks, name);
  if (existsSync(stored)) return readTask(stored);
  const { makeEmojiTask } = await import('./emojiTasks.js');
  return makeEmojiTask(name);
}

const step = { batch: 16, tokens: [64, 64, 64], width: 128, heads: 4 };
const vilt = { batch: 4, tokens: [512, 145], width: 768, heads: 12 };
const stage = { batch: 1, tokens: Array<number>(4).fill(16_384), width: 64, heads: 4 };

const b2 = cmnextB2(['rgb', 'depth']);
/** Recomputing, without which a step at 512² does not fit into the 4 GB of wasm */
const recomputing = { ...b2, recompute: true };

/** The training step of CMNeXt-B2 on colours and depth. */
const segmentation =
  (name: string, title: string, size: number, cmnext: CmnextSizes, mmpHeads: number | null) => () =>
    segmentationTask(name, title, { batch: 1, size, cmnext, mmpHeads });

const make = {
  a: [() => mmpTask('a', 'MMP step: B 16, N 64, d 128, M 3, H 4', step)],
  b: [() => mmpTask('b', 'MMP step, ViLT sizes: B 4, N 512 and 145, d 768, H 12', vilt)],
  c: [() => mmpTask('c', 'MMP step, segmentation stage 1: B 1, N 16384, d 64, M 4, H 4', stage)],
  d: [() => emojiTask('d'), () => emojiTask('d-base')],
  e: [() => emojiTask('e')],
  f: [
    segmentation('f', 'CMNeXt-B2 and MMP, a step', 256, b2, 4),
    segmentation('f-base', 'CMNeXt-B2 alone, a step', 256, b2, null),
  ],
  g: [
    segmentation('g', 'CMNeXt-B2 and MMP, recomputing, a step', 512, recomputing, 4),
    segmentation('g-base', 'CMNeXt-B2 alone, recomputing, a step', 512, recomputing, null),
  ],
  h: [segmentation('h', 'CMNeXt-B2 and MMP, recomputing, a step', 256, recomputing, 4)],
} as const;

/**
 * The tasks by the letter that names them on the command line, with what each is compared with: d brings
 * the base network alone.
 */
export const tasks: Readonly<
  Record<string, readonly (() => PreparedTask | Promise<PreparedTask>)[]>
> = make;

/** A quantity of task a that grows while everything else stays. */
export interface Series {
  readonly letter: 'N' | 'M';
  readonly title: string;
  readonly sizes: readonly number[];
  readonly task: (size: number) => PreparedTask;
}

export const series: readonly Series[] = [
  {
    letter: 'N',
    title: 'Growth in N: forward and backward, B 1, d 128, M 3, H 4',
    sizes: [64, 256, 1024, 4096],
    task: (size) =>
      mmpTask(`N${size}`, `N ${size}`, { ...step, batch: 1, tokens: [size, size, size] }, null),
  },
  {
    letter: 'M',
    title: 'Growth in M, one masked: forward and backward, B 16, N 64, d 128, H 4',
    sizes: [2, 3, 4, 6],
    task: (size) =>
      mmpTask(`M${size}`, `M ${size}`, { ...step, tokens: Array<number>(size).fill(64) }, null),
  },
];
