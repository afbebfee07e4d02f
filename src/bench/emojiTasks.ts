/** The tasks on emoji: the workbook's own training step and evaluation. */
import { loadEmoji } from '../data/emoji/emoji.js';
import { emojiBase, emojiMmp, emojiSettings } from '../experiments/emoji.js';
import type { StoredTensor } from '../files/safetensors.js';
import { tf } from '../tensor/tf.js';
import type { PreparedTask } from './task.js';

export const emojiTaskNames = ['d', 'd-base', 'e'] as const;
export type EmojiTaskName = (typeof emojiTaskNames)[number];

export function makeEmojiTask(name: EmojiTaskName): Promise<PreparedTask> {
  return name === 'e' ? evaluationTask() : trainingTask(name === 'd');
}

// Not the words: their table has a costly gradient, which masking with MMP would spare and blanks not.
const masked = ['twemoji'];

/** The emoji model as the workbook trains it, on one fixed batch. */
async function trainingTask(withMmp: boolean): Promise<PreparedTask> {
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
