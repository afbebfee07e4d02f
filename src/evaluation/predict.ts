/** From a network and a scenario to logits and accuracy. */
import type { Dataset } from '../data/dataset.js';
import { complete } from '../mmp/complete.js';
import type { Mmp } from '../mmp/mmp.js';
import type { BaseNetwork, Inputs, Tokens } from '../models/base.js';
import { tf } from '../tensor/tf.js';
import { blank } from '../baselines/modalityDropout.js';
import type { Scenario } from './scenarios.js';

/** How a method answers when modalities are missing: inputs and 𝒦 to logits [B, C]. */
export type Predictor = (inputs: Inputs, masked: readonly string[]) => tf.Tensor;

/** The base network alone: it sees blank inputs where a modality is missing. */
export function basePredictor(base: BaseNetwork): Predictor {
  return (inputs, masked) => base.fuse(base.embed(blank(inputs, masked))).logits;
}

/** The base network with MMP: the inputs of missing modalities are never embedded. */
export function mmpPredictor(base: BaseNetwork, mmp: Mmp): Predictor {
  return (inputs, masked) => base.fuse(completedTokens(base, mmp, inputs, masked)).logits;
}

/** The tokens that the base network fuses: of available modalities real, of missing ones projected. */
export function completedTokens(
  base: BaseNetwork,
  mmp: Mmp,
  inputs: Inputs,
  masked: readonly string[],
): Tokens {
  const available = Object.entries(inputs).filter(([name]) => !masked.includes(name));
  return complete(mmp, base.embed(Object.fromEntries(available)), masked).tokens;
}

const batchSize = 64;

/**
 * The logits of many samples in one scenario, read from the backend.
 *
 * @returns one row of C logits per sample
 */
export async function predictLogits(
  predictor: Predictor,
  dataset: Dataset,
  samples: readonly number[],
  scenario: Scenario,
): Promise<Float32Array[]> {
  const rows: Float32Array[] = [];
  for (let start = 0; start < samples.length; start += batchSize) {
    const batch = samples.slice(start, start + batchSize);
    const logits = tf.tidy(() => predictor(dataset.inputs(batch), scenario.masked));
    const values = (await logits.data()) as Float32Array;
    const classes = logits.shape[1]!;
    logits.dispose();
    batch.forEach((_, row) => rows.push(values.slice(row * classes, (row + 1) * classes)));
  }
  return rows;
}

/** The share of samples whose largest logit is that of their class, in 0 … 1. */
export function accuracy(logits: readonly Float32Array[], labels: readonly number[]): number {
  if (logits.length !== labels.length || logits.length === 0) {
    throw new Error(`accuracy: ${logits.length} predictions for ${labels.length} labels`);
  }
  const correct = logits.filter((row, index) => row.indexOf(Math.max(...row)) === labels[index]);
  return correct.length / logits.length;
}

/** Accuracy of a method on samples in each scenario, by scenario name. */
export async function accuracyByScenario(
  predictor: Predictor,
  dataset: Dataset,
  samples: readonly number[],
  scenarios: readonly Scenario[],
): Promise<Record<string, number>> {
  const labels = samples.map((sample) => dataset.labels[sample]!);
  const table: Record<string, number> = {};
  for (const scenario of scenarios) {
    table[scenario.name] = accuracy(
      await predictLogits(predictor, dataset, samples, scenario),
      labels,
    );
  }
  return table;
}
