import assert from 'node:assert/strict';
import { bestGuess, ceilingOf, posteriorOf } from '../../../src/data/sentiment/bayes.js';
import { generateSentiment } from '../../../src/data/sentiment/generated.js';
import {
  affectProbabilities,
  affects,
  sentimentProbabilities,
  sentiments,
  vocabulary,
} from '../../../src/data/sentiment/process.js';
import { allScenarios } from '../../../src/evaluation/scenarios.js';
import {
  sentimentModalities,
  type SentimentModality,
} from '../../../src/models/sentimentModalities.js';

const dataset = generateSentiment({ clips: { train: 1, validation: 1, test: 2000 } });
const { test } = dataset.splits;

/** The density of what a modality shows of a word, when it has that expression; without what all have in common. */
function density(
  sample: number,
  name: SentimentModality,
  word: number,
  expression: Float32Array,
): number {
  const { length, features, values } = dataset.sequences[name];
  const { start, steps } = dataset.spans[name][sample]![word]!;
  let product = 1;
  for (let step = start; step < start + steps; step++) {
    for (let feature = name === 'text' ? 0 : 1; feature < features; feature++) {
      const value = values[(sample * length + step) * features + feature]!;
      const error = (value - expression[feature]!) / dataset.process[name].noise;
      product *= Math.exp((-error * error) / 2);
    }
  }
  return product;
}

/** P(s | X), by a sum over every sequence of words that may have been said. */
function bruteForce(sample: number, available: readonly SentimentModality[]): number[] {
  const count = dataset.spans.text[sample]!.length;
  // By word of the clip, affect and word of the affect
  const seen = Array.from({ length: count }, (_, word) =>
    affects.map((_affect, a) =>
      Array.from({ length: vocabulary }, (_word, j) =>
        available.reduce((product, name) => {
          const { reliability } = dataset.process[name];
          const of = (expression: Float32Array) => density(sample, name, word, expression);
          const [own, neutral] = [dataset.codebooks[name][a]!, dataset.codebooks[name][1]!];
          const others = neutral.reduce((sum, one) => sum + of(one), 0) / neutral.length;
          return product * (reliability * of(own[j % own.length]!) + (1 - reliability) * others);
        }, 1),
      ),
    ),
  );
  const joint = sentiments.map((sentiment, index) => {
    const affectOf = affectProbabilities(sentiment);
    const visit = (word: number, weight: number): number => {
      if (word === count) return weight;
      let sum = 0;
      seen[word]!.forEach((words, a) => {
        for (const one of words) sum += visit(word + 1, (weight * affectOf[a]! * one) / vocabulary);
      });
      return sum;
    };
    return sentimentProbabilities[index]! * visit(0, 1);
  });
  const total = joint.reduce((sum, value) => sum + value, 0);
  return joint.map((value) => value / total);
}

function assertClose(value: number, expected: number, limit: number, what: string): void {
  assert.ok(Math.abs(value - expected) <= limit, `${what}: ${value} for ${expected}`);
}

describe('the posterior of generated clips', () => {
  it('is what a sum over all that may have happened gives', () => {
    const short = test.find((sample) => dataset.spans.text[sample]!.length === 4)!;
    for (const available of [['text'], ['audio', 'vision'], ['text', 'audio', 'vision']] as const) {
      const posterior = posteriorOf(dataset, short, available);
      bruteForce(short, available).forEach((expected, index) => {
        assertClose(posterior[index]!, expected, 1e-9, available.join());
      });
    }
  });

  it('is the prior where nothing is seen', () => {
    posteriorOf(dataset, test[0]!, []).forEach((mass, index) => {
      assertClose(mass, sentimentProbabilities[index]!, 1e-12, 'the prior');
    });
  });

  it('refuses a sample that there is not', () => {
    assert.throws(() => posteriorOf(dataset, 9999, ['text']), {
      message: 'posteriorOf: no sample 9999; there are 2002',
    });
  });

  it('refuses a modality that there is not, and samples that say nothing of a sign', () => {
    assert.throws(() => posteriorOf(dataset, test[0]!, ['words' as 'text']), {
      message: 'posteriorOf: no modality "words" among text, audio, vision',
    });
    const neutral = test.filter((sample) => dataset.labels[sample] === 0);
    assert.throws(() => ceilingOf(dataset, neutral, ['text']), /no sample has a sentiment/);
  });

  it('is calibrated: where it is certain by so much, it is right so often', () => {
    const signed = test.filter((sample) => dataset.labels[sample] !== 0);
    for (const available of [['audio'], ['audio', 'vision'], ['text']] as const) {
      const guesses = signed.map((sample) => ({
        ...bestGuess(posteriorOf(dataset, sample, available)),
        truth: dataset.labels[sample]! > 0,
      }));
      for (const [low, high] of [
        [0.5, 0.7],
        [0.7, 0.9],
        [0.9, 1.01],
      ] as const) {
        const own = guesses.filter(({ certainty }) => certainty >= low && certainty < high);
        const right = own.filter(({ isPositive, truth }) => isPositive === truth).length;
        const expected = own.reduce((sum, { certainty }) => sum + certainty, 0);
        const variance = own.reduce((sum, { certainty: p }) => sum + p * (1 - p), 0);
        // Four standard deviations of the number of right ones.
        const limit = 4 * Math.sqrt(variance);
        assertClose(right, expected, limit, `${available.join()} from ${low}`);
        assert.ok(own.length > 50);
      }
    }
  });

  it('says more the more is seen, and text says most', () => {
    const expected = new Map(
      allScenarios(sentimentModalities).map(({ name, available }) => [
        name,
        ceilingOf(dataset, test, available as SentimentModality[]).expected,
      ]),
    );
    const of = (...names: string[]) => expected.get(names.join(' + '))!;
    assert.ok(of('text', 'audio', 'vision') > of('text') - 0.002);
    assert.ok(of('audio', 'vision') > of('vision') + 0.02);
    assert.ok(of('vision') > of('audio') + 0.02);
    assert.ok(of('text') > of('audio', 'vision') + 0.03);
  });

  it('guesses by the median, which no other guess beats', () => {
    const { median, isPositive } = bestGuess(
      sentiments.map((s) => (s === -1 || s === 2 ? 0.5 : 0)),
    );
    assert.ok([-1, 2].includes(median));
    assert.equal(isPositive, false);
    const posteriors = test.slice(0, 200).map((sample) => posteriorOf(dataset, sample, ['vision']));
    const error = (posterior: readonly number[], guess: number) =>
      posterior.reduce((sum, mass, index) => sum + mass * Math.abs(sentiments[index]! - guess), 0);
    for (const posterior of posteriors) {
      const least = Math.min(...sentiments.map((guess) => error(posterior, guess)));
      assertClose(error(posterior, bestGuess(posterior).median), least, 1e-9, 'the median');
    }
  });
});
