/**
 * The best that anybody can do on generated clips: the posterior of the sentiment when some modalities are seen.
 * With e_{m,k} what modality m shows of word k,
 *
 *   P(s | X) ∝ P(s) · Π_k Σ_a P(a | s) · mean_j Π_{m ∈ 𝒜} p(e_{m,k} | a, j)
 *   p(e | a, j) = r · N(e; expression j of a) + (1 − r) · mean of N(e; expression) over the neutral ones
 *
 * over the affects a and the words j of each.
 *
 * The observer knows the codebooks and also where each word begins, which a network has to find out; so this is an
 * upper bound, however much a network learns.
 */
import type { GeneratedSentiment } from './generated.js';
import {
  affectProbabilities,
  affects,
  sentimentProbabilities,
  sentiments,
  vocabulary,
} from './process.js';
import type { SentimentModality } from '../../models/sentimentModalities.js';

/**
 * P(s | X), one probability for each of `sentiments`.
 *
 * @param available 𝒜; with none of them it is the prior
 * @throws Error when the data set has no such sample or modality
 */
export function posteriorOf(
  dataset: GeneratedSentiment,
  sample: number,
  available: readonly SentimentModality[],
): number[] {
  if (!(sample in dataset.labels)) {
    throw new Error(`posteriorOf: no sample ${sample}; there are ${dataset.labels.length}`);
  }
  const unknown = available.find((name) => !dataset.modalities.includes(name));
  if (unknown !== undefined) {
    throw new Error(`posteriorOf: no modality "${unknown}" among ${dataset.modalities.join(', ')}`);
  }
  const words = dataset.spans.text[sample]!.map((_, word) => {
    const seen = available.map((name) => logDensities(dataset, sample, name, word));
    return affects.map((_affect, a) =>
      logMeanExp(
        Array.from({ length: vocabulary }, (_word, j) =>
          seen.reduce((sum, ofWords) => sum + ofWords[a]![j]!, 0),
        ),
      ),
    );
  });
  const logarithms = sentiments.map((sentiment, index) => {
    const probabilities = affectProbabilities(sentiment);
    const ofWords = words.map((word) =>
      logSumExp(word.map((value, affect) => Math.log(probabilities[affect]!) + value)),
    );
    return Math.log(sentimentProbabilities[index]!) + ofWords.reduce((sum, each) => sum + each, 0);
  });
  const total = logSumExp(logarithms);
  return logarithms.map((value) => Math.exp(value - total));
}

/** log p(e_{m,k} | a, j): of the affects −1, 0, 1, one for each of their words. */
function logDensities(
  { process, codebooks, sequences, spans }: GeneratedSentiment,
  sample: number,
  name: SentimentModality,
  word: number,
): number[][] {
  const { reliability, noise, rests } = process[name];
  const { length, features, values } = sequences[name];
  const { start, steps } = spans[name][sample]![word]!;
  const logDensity = (expression: Float32Array) => {
    let squares = 0;
    for (let step = start; step < start + steps; step++) {
      // The first feature tells words from rests and not how they are expressed.
      for (let feature = rests ? 1 : 0; feature < features; feature++) {
        const value = values[(sample * length + step) * features + feature]!;
        squares += ((value - expression[feature]!) / noise) ** 2;
      }
    }
    // What is the same for every expression cancels in the posterior.
    return -squares / 2;
  };
  const densities = codebooks[name].map((expressions) => expressions.map(logDensity));
  const neutral = Math.log(1 - reliability) + logMeanExp(densities[affects.indexOf(0)]!);
  return densities.map((own) =>
    Array.from({ length: vocabulary }, (_, j) =>
      logSumExp([Math.log(reliability) + own[j % own.length]!, neutral]),
    ),
  );
}

const logMeanExp = (values: readonly number[]) => logSumExp(values) - Math.log(values.length);

function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}

/** What the best observer says of a sample. */
export interface BestGuess {
  /** Whether a positive sentiment is likelier than a negative one */
  readonly isPositive: boolean;
  /** How likely that is to be right, where the sentiment is not 0 */
  readonly certainty: number;
  /** The median of the posterior: no other number is nearer in the mean */
  readonly median: number;
}

export function bestGuess(posterior: readonly number[]): BestGuess {
  const massOf = (isMeant: (sentiment: number) => boolean) =>
    posterior.reduce((sum, mass, index) => sum + (isMeant(sentiments[index]!) ? mass : 0), 0);
  const positive = massOf((sentiment) => sentiment > 0);
  const negative = massOf((sentiment) => sentiment < 0);
  let below = 0;
  const median = sentiments.find((_, index) => (below += posterior[index]!) >= 0.5);
  return {
    isPositive: positive > negative,
    certainty: Math.max(positive, negative) / (positive + negative),
    median: median ?? sentiments.at(-1)!,
  };
}

/** The ceiling of a set of available modalities, on samples of which the sentiment is not 0. */
export interface Ceiling {
  /** The share of these samples on which the best observer is right about the sign */
  readonly accuracy: number;
  /** The share to be expected, given what is seen of these samples */
  readonly expected: number;
  /** The mean absolute error of the median, on all samples */
  readonly meanAbsoluteError: number;
}

/** @throws Error as `posteriorOf`, and when there is no sample with a sentiment that is not 0 */
export function ceilingOf(
  dataset: GeneratedSentiment,
  samples: readonly number[],
  available: readonly SentimentModality[],
): Ceiling {
  const guesses = samples.map((sample) => ({
    label: dataset.labels[sample]!,
    ...bestGuess(posteriorOf(dataset, sample, available)),
  }));
  const signed = guesses.filter(({ label }) => label !== 0);
  if (signed.length === 0) throw new Error('ceilingOf: no sample has a sentiment that is not 0');
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    accuracy: mean(signed.map(({ label, isPositive }) => (label > 0 === isPositive ? 1 : 0))),
    expected: mean(signed.map(({ certainty }) => certainty)),
    meanAbsoluteError: mean(guesses.map(({ label, median }) => Math.abs(label - median))),
  };
}
