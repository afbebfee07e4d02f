/** Clips of text, audio and video as three sequences of features that are not aligned, with a sentiment. */
import { tf } from '../../tensor/tf.js';
import type { SampleDataset, Splits } from '../dataset.js';
import { sentimentModalities, type SentimentModality } from '../../models/sentimentModalities.js';

/** One modality's features of all samples. */
export interface FeatureSequences {
  /** T, time steps of every sample; shorter ones are padded with zeros */
  readonly length: number;
  /** F, features of a time step */
  readonly features: number;
  /** [samples, T, F] */
  readonly values: Float32Array;
  /** How many steps of each sample are real, where that is known */
  readonly lengths?: Int32Array;
}

/** How many pairs of time steps are measured at once: where each attends to each, memory grows with them. */
const largestPairs = 2 ** 23;

export interface SequenceData {
  /** What tables call the data set */
  readonly name: string;
  readonly sequences: Readonly<Record<SentimentModality, FeatureSequences>>;
  /** The sentiment of each sample, from −3, strongly negative, to 3 */
  readonly labels: Float32Array;
  readonly splits: Splits;
  /** What each sample is called, such as `video$_$clip` */
  readonly ids?: readonly string[];
  /** What is said in each sample, in words */
  readonly texts?: readonly string[];
}

export class SequenceDataset implements SampleDataset {
  readonly task = 'regression';
  readonly name: string;
  readonly modalities = sentimentModalities;
  readonly classes: readonly string[] = [];
  readonly labels: Float32Array;
  readonly splits: Splits;
  readonly largestBatch: number;
  readonly sequences: SequenceData['sequences'];
  readonly ids?: readonly string[];
  readonly texts?: readonly string[];

  /** @throws Error naming the modality that has not as many values as samples, or one that is not finite */
  constructor({ name, sequences, labels, splits, ids, texts }: SequenceData) {
    this.name = name;
    this.sequences = sequences;
    this.labels = labels;
    this.splits = splits;
    this.ids = ids;
    this.texts = texts;
    const steps = sentimentModalities.reduce((sum, each) => sum + sequences[each].length, 0);
    this.largestBatch = Math.min(64, Math.max(1, Math.floor(largestPairs / steps ** 2)));
    for (const modality of sentimentModalities) {
      const { length, features, values } = sequences[modality];
      const expected = labels.length * length * features;
      if (values.length !== expected) {
        const shape = [labels.length, length, features].join(', ');
        throw new Error(
          `${name}: ${modality} must be [${shape}], ${expected} values, got ${values.length}`,
        );
      }
      const wrong = values.findIndex((value) => !Number.isFinite(value));
      if (wrong >= 0) {
        const sample = Math.floor(wrong / (length * features));
        throw new Error(`${name}: ${modality} of sample ${sample} holds ${values[wrong]}`);
      }
    }
    const unlabelled = labels.findIndex((label) => !Number.isFinite(label));
    if (unlabelled >= 0) {
      throw new Error(`${name}: the label of sample ${unlabelled} is ${labels[unlabelled]}`);
    }
  }

  /** @returns text, audio, vision: float32 [B, T, F] */
  inputs(samples: readonly number[]): Record<SentimentModality, tf.Tensor> {
    const unknown = samples.find((sample) => !(sample in this.labels));
    if (unknown !== undefined) {
      throw new Error(`${this.name}: no sample ${unknown}; there are ${this.labels.length}`);
    }
    const tensors = sentimentModalities.map(
      (name) => [name, this.tensorOf(name, samples)] as const,
    );
    return Object.fromEntries(tensors) as Record<SentimentModality, tf.Tensor>;
  }

  private tensorOf(name: SentimentModality, samples: readonly number[]): tf.Tensor {
    const { length, features, values } = this.sequences[name];
    const each = length * features;
    const taken = new Float32Array(samples.length * each);
    samples.forEach((sample, place) => {
      taken.set(values.subarray(sample * each, (sample + 1) * each), place * each);
    });
    return tf.tensor3d(taken, [samples.length, length, features]);
  }
}
