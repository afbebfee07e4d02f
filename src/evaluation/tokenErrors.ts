/**
 * How far projected tokens are from the real ones, as in the paper's Figure S3, over many samples of a data set;
 * and two errors beside it that make the number readable: of answering with the mean token, and with zeros.
 *
 *   E(answer) = mean over samples, N_m and d_m of (answer − T_m)²
 *
 * All N_m tokens count, those of padding too, as in the alignment loss. Samples go through batch by batch, and of a
 * batch nothing is kept but a number per error.
 */
import type { Dataset } from '../data/dataset.js';
import { fetchedBatches } from '../data/prefetch.js';
import type { Projector } from '../mmp/projector.js';
import { namesOf, type BaseNetwork, type Tokens } from '../models/base.js';
import { expectShapes } from '../tensor/shapes.js';
import { tf } from '../tensor/tf.js';
import type { Scenario } from './scenarios.js';

export interface TokenError {
  /** By its name */
  readonly scenario: string;
  /** The masked modality m */
  readonly modality: string;
  /** E(T̂_m) */
  readonly error: number;
}

/**
 * The mean squared error of projected tokens, by scenario and masked modality.
 *
 * @returns in the order of the scenarios, and in each in the order of its masked modalities
 * @throws Error when there are no samples or nothing is masked, NotFetched of the data set, and the interruption's
 *   reason, between two batches
 */
export async function tokenErrors(
  base: BaseNetwork,
  projector: Projector,
  dataset: Dataset,
  samples: readonly number[],
  scenarios: readonly Scenario[],
): Promise<TokenError[]> {
  const masking = scenarios.filter(({ masked }) => masked.length > 0);
  if (masking.length === 0) throw new Error('tokenErrors: nothing is masked in any scenario');
  const errors = await meansOver(base, dataset, samples, (real) =>
    masking.flatMap(({ masked }) =>
      // The projected tokens of one scenario are gone before those of the next are there.
      tf.tidy(() => {
        const projected = projector.projectTokens(real, masked);
        return masked.map((name) => squaredError(name, real[name]!, projected[name]!));
      }),
    ),
  );
  return masking
    .flatMap(({ name, masked }) => masked.map((modality) => ({ scenario: name, modality })))
    .map((place, index) => ({ ...place, error: errors[index]! }));
}

/**
 * The mean token of each place of a modality, over samples: those of training are what an answer can know.
 *
 * @returns by modality [N_m, d_m]; the caller owns them
 * @throws Error when there are no samples, and as `tokenErrors` does
 */
export async function meanTokens(
  base: BaseNetwork,
  dataset: Dataset,
  samples: readonly number[],
): Promise<Record<string, tf.Tensor>> {
  expectSamples(samples);
  const sums = new Map<string, Float64Array>();
  const shapes = new Map<string, number[]>();
  for await (const batch of fetchedBatches(dataset, samples)) {
    const ofBatch = tf.tidy(() =>
      Object.entries(base.embed(dataset.inputs(batch))).map(
        ([name, tokens]) => [name, tf.sum(tokens, 0)] as const,
      ),
    );
    for (const [name, tensor] of ofBatch) {
      const values = await tensor.data();
      const sum = sums.get(name) ?? new Float64Array(values.length);
      values.forEach((value, place) => (sum[place]! += value));
      sums.set(name, sum);
      shapes.set(name, tensor.shape);
      tensor.dispose();
    }
  }
  const means = [...sums].map(([name, sum]) => {
    const values = Float32Array.from(sum, (value) => value / samples.length);
    return [name, tf.tensor(values, shapes.get(name))] as const;
  });
  return Object.fromEntries(means);
}

export interface ReferenceErrors {
  readonly modality: string;
  /** E(mean token) */
  readonly meanToken: number;
  /** E(0), the mean square of the real tokens */
  readonly zero: number;
}

/**
 * The errors of two answers that look at no sample.
 *
 * @param means by modality [N_m, d_m], as `meanTokens` has them
 * @returns by modality in the order of the network's
 * @throws Error when the mean tokens of a modality are absent or misshapen, and as `tokenErrors` does
 */
export async function referenceErrors(
  base: BaseNetwork,
  dataset: Dataset,
  samples: readonly number[],
  means: Tokens,
): Promise<ReferenceErrors[]> {
  const modalities = namesOf(base);
  const errors = await meansOver(base, dataset, samples, (real) =>
    modalities.flatMap((name) => {
      const [tokens, mean] = [real[name]!, means[name]];
      if (!mean) throw new Error(`referenceErrors: no mean tokens of "${name}"`);
      expectShapes('referenceErrors', { [name]: [mean, tokens.shape.slice(1).join(' ')] });
      return tf.tidy(() => [
        meanOfAll(tf.squaredDifference(tokens, mean)),
        meanOfAll(tf.square(tokens)),
      ]);
    }),
  );
  return modalities.map((modality, place) => ({
    modality,
    meanToken: errors[2 * place]!,
    zero: errors[2 * place + 1]!,
  }));
}

/** The means over all samples of numbers that are means over those of a batch, from the batch's real tokens. */
async function meansOver(
  base: BaseNetwork,
  dataset: Dataset,
  samples: readonly number[],
  measure: (real: Tokens) => tf.Tensor[],
): Promise<number[]> {
  expectSamples(samples);
  const sums: number[] = [];
  for await (const batch of fetchedBatches(dataset, samples)) {
    const measured = tf.tidy(() => tf.stack(measure(base.embed(dataset.inputs(batch)))));
    const values = await measured.data();
    measured.dispose();
    values.forEach((value, place) => (sums[place] = (sums[place] ?? 0) + batch.length * value));
  }
  return sums.map((sum) => sum / samples.length);
}

function expectSamples(samples: readonly number[]): void {
  if (samples.length === 0) throw new Error('token errors: no samples');
}

function squaredError(name: string, real: tf.Tensor, projected: tf.Tensor): tf.Tensor {
  expectShapes('tokenErrors', { [name]: [projected, real.shape.join(' ')] });
  return meanOfAll(tf.squaredDifference(real, projected));
}

/** Axis by axis, because a sum of a million numbers in single precision loses digits. */
const meanOfAll = (values: tf.Tensor): tf.Tensor =>
  values.shape.reduce<tf.Tensor>((mean) => tf.mean(mean, -1), values);
