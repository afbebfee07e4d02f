import assert from 'node:assert/strict';
import { generateSentiment } from '../../../src/data/sentiment/generated.js';
import { sentimentProcesses, sentiments } from '../../../src/data/sentiment/process.js';
import { sentimentModalities } from '../../../src/models/sentimentModalities.js';

const clips = { train: 40, validation: 10, test: 20 };

describe('generated sentiment', () => {
  it('is as large as CMU-MOSI, and has its labels', () => {
    const { splits, labels, sequences } = generateSentiment();
    assert.equal(splits.train.length, 1284);
    assert.equal(splits.validation.length, 229);
    assert.equal(splits.test.length, 686);
    assert.equal(new Set([...splits.train, ...splits.validation, ...splits.test]).size, 2199);
    assert.equal(labels.length, 2199);
    const grid = new Set(sentiments.map(Math.fround));
    assert.ok(labels.every((label) => grid.has(label)));
    // Both signs come about equally often, and 0 is rare, as in MOSI.
    const positive = labels.filter((label) => label > 0).length / labels.length;
    assert.ok(positive > 0.45 && positive < 0.55, `${positive} are positive`);
    const neutral = labels.filter((label) => label === 0).length / labels.length;
    assert.ok(neutral > 0.005 && neutral < 0.06, `${neutral} are neutral`);
    assert.equal(sequences.text.values.length, 2199 * 10 * 24);
  });

  it('has sequences of the sizes of CMU-MOSI when asked', () => {
    const { sequences } = generateSentiment({ size: 'mosi', clips });
    const shapes = sentimentModalities.map((name) => [
      sequences[name].length,
      sequences[name].features,
    ]);
    assert.deepEqual(shapes, [
      [50, 768],
      [375, 5],
      [500, 20],
    ]);
  });

  it('has room for the longest clips', () => {
    for (const process of Object.values(sentimentProcesses)) {
      for (const name of sentimentModalities) {
        const { length, steps, rests } = process[name];
        assert.ok(process.words[1] * (steps[1] + Number(rests)) <= length, name);
      }
    }
  });

  it('is the same for the same seed, and another for another', () => {
    const values = (seed: number) => generateSentiment({ seed, clips }).sequences.audio.values;
    assert.deepEqual(values(3), values(3));
    assert.notDeepEqual(values(3), values(4));
  });

  it('has splits that do not depend on the sizes of the others', () => {
    const few = generateSentiment({ clips });
    const more = generateSentiment({ clips: { ...clips, train: 50 } });
    const rows = ({ sequences, splits }: typeof few) => {
      const { length, features, values } = sequences.vision;
      const [first] = splits.test as [number];
      return values.slice(first * length * features, (first + clips.test) * length * features);
    };
    assert.deepEqual(rows(few), rows(more));
  });

  it('says by its name of what size and seed it is, so that others are no pairs', () => {
    const names = [1, 2].map((seed) => generateSentiment({ seed, clips }).name);
    assert.deepEqual(names, [
      'synthetic sentiment (workbook, seed 1)',
      'synthetic sentiment (workbook, seed 2)',
    ]);
  });

  it('refuses sizes and counts that cannot be', () => {
    assert.throws(() => generateSentiment({ size: 'big' as 'mosi' }), {
      message: 'generateSentiment: the size must be workbook or mosi, got big',
    });
    assert.throws(() => generateSentiment({ clips: { test: -2 } }), {
      message: 'generateSentiment: clips.test must be 1, 2, …, got -2',
    });
  });

  it('is padded with zeros behind the last word', () => {
    const { sequences, spans } = generateSentiment({ clips });
    for (const name of sentimentModalities) {
      const { length, features, values, lengths } = sequences[name];
      lengths!.forEach((own, sample) => {
        const row = values.slice(sample * length * features, (sample + 1) * length * features);
        assert.ok(row.slice(own * features).every((value) => value === 0));
        assert.ok(row.slice(0, own * features).every((value) => value !== 0));
        const last = spans[name][sample]!.at(-1)!;
        assert.equal(last.start + last.steps + (name === 'text' ? 0 : 1), own);
      });
    }
  });

  it('has noise of the deviation that its process says, around the expressions', () => {
    const { sequences, spans, codebooks, process } = generateSentiment({ clips });
    for (const name of sentimentModalities) {
      const { length, features, values } = sequences[name];
      let squares = 0;
      let count = 0;
      spans[name].forEach((words, sample) => {
        for (const { start, steps } of words) {
          const word = Array.from({ length: steps }, (_, step) => {
            const at = (sample * length + start + step) * features;
            return values.slice(at + 1, at + features);
          });
          // Of all expressions, the nearest; noise leaves it the nearest nearly always.
          const distances = codebooks[name].flat().map((expression) => {
            const errors = word.map((step) =>
              step.reduce((sum, value, i) => sum + (value - expression[i + 1]!) ** 2, 0),
            );
            return errors.reduce((sum, error) => sum + error, 0);
          });
          squares += Math.min(...distances);
          count += steps * (features - 1);
        }
      });
      const share = Math.sqrt(squares / count) / process[name].noise;
      assert.ok(share > 0.8 && share < 1.05, `${name}: ${share}`);
    }
  });
});
