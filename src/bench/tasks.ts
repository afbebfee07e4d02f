/** What is measured: the tasks by name, and the series that show how cost grows. */
import type { StoredTensor } from '../files/safetensors.js';
import { loadEmoji } from '../data/emoji/emoji.js';
import { emojiBase, emojiMmp, emojiSettings } from '../experiments/emoji.js';
import { resolveConfig } from '../mmp/config.js';
import { stream } from '../tensor/random.js';
import { tf } from '../tensor/tf.js';
import { adamWDefaults } from '../training/adamw.js';
import type { Optimiser, PreparedTask } from './task.js';

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

const defaultOptimiser: Optimiser = {
  rate: 1e-3,
  mmpRate: 1,
  weightDecay: adamWDefaults.weightDecay,
};

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

// Not the words: their table has a costly gradient, which masking with MMP would spare and blanks not.
const masked = ['twemoji'];

/** The emoji model as the workbook trains it, on one fixed batch. */
async function emojiTask(withMmp: boolean): Promise<PreparedTask> {
  const { batchSize } = emojiSettings.quick;
  const { alignmentWeight, furtherPeak, mmpPeak, weightDecay } = emojiSettings.quick;
  const { dataset, base, mmp } = emojiConfigs();
  const samples = dataset.splits.train.slice(0, batchSize);
  const inputs = await stored(dataset.inputs(samples));
  const labels = Int32Array.from(samples, (sample) => dataset.labels[sample]!);
  inputs.set('labels', { shape: [batchSize], values: labels });
  return {
    task: {
      name: withMmp ? 'd' : 'd-base',
      title: withMmp
        ? `Emoji training step with MMP, batch ${batchSize}`
        : `Emoji training step of the base network alone, batch ${batchSize}`,
      objective: 'classification',
      masked,
      mmp: withMmp ? mmp : null,
      base,
      alignmentWeight,
      optimiser: { rate: furtherPeak, mmpRate: mmpPeak / furtherPeak, weightDecay },
    },
    inputs,
  };
}

async function evaluationTask(): Promise<PreparedTask> {
  const { dataset, base, mmp } = emojiConfigs();
  const samples = dataset.splits.test;
  return {
    task: {
      name: 'e',
      title: `Emoji evaluation, ${samples.length} test samples`,
      objective: 'evaluation',
      masked,
      mmp,
      base,
      alignmentWeight: 1,
      optimiser: null,
    },
    inputs: await stored(dataset.inputs(samples)),
  };
}

function emojiConfigs() {
  const settings = emojiSettings.quick;
  const dataset = loadEmoji(settings.labels);
  const base = emojiBase(dataset, settings, 1);
  const mmp = emojiMmp(base, settings, 1);
  base.parameters.dispose();
  mmp.parameters.dispose();
  return { dataset, base: base.config, mmp: mmp.config };
}

async function stored(inputs: Record<string, tf.Tensor>): Promise<Map<string, StoredTensor>> {
  const entries = Object.entries(inputs).map(async ([name, tensor]) => {
    const values = (await tensor.data()) as Float32Array | Int32Array;
    return [name, { shape: tensor.shape, values }] as const;
  });
  const read = new Map<string, StoredTensor>(await Promise.all(entries));
  tf.dispose(inputs);
  return read;
}

const step = { batch: 16, tokens: [64, 64, 64], width: 128, heads: 4 };
const vilt = { batch: 4, tokens: [512, 145], width: 768, heads: 12 };
const stage = { batch: 1, tokens: Array<number>(4).fill(16_384), width: 64, heads: 4 };

const make = {
  a: [() => mmpTask('a', 'MMP step: B 16, N 64, d 128, M 3, H 4', step)],
  b: [() => mmpTask('b', 'MMP step, ViLT sizes: B 4, N 512 and 145, d 768, H 12', vilt)],
  c: [() => mmpTask('c', 'MMP step, segmentation stage 1: B 1, N 16384, d 64, M 4, H 4', stage)],
  d: [() => emojiTask(true), () => emojiTask(false)],
  e: [evaluationTask],
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
