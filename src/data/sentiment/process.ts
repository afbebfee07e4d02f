/**
 * How the synthetic clips come about. A clip has a sentiment s and says some words. The affect of each word,
 * negative, neutral or positive, depends on s. Every modality then expresses the word in its own way, as speech has a
 * transcript, a sound and a movement of the lips: by an expression out of a codebook of its own, which words of the
 * same affect may share, seen for some time steps under noise. Nothing here was recorded; what is like CMU-MOSI is the
 * shape, the range of labels, and that text tells most.
 */

/** How one modality expresses a word. */
export interface Expressiveness {
  /** T, time steps; what is left after the last word is padding, zeros */
  readonly length: number;
  /** F, features of a step */
  readonly features: number;
  /** Expressions of each affect; word j of an affect has expression j modulo so many */
  readonly expressions: number;
  /** How often the word's expression is shown at all; otherwise it is one of the neutral ones */
  readonly reliability: number;
  /** Standard deviation of a feature around its expression, whose features have a deviation of 1 */
  readonly noise: number;
  /** Steps that a word takes, from the least to the most */
  readonly steps: readonly [number, number];
  /** Whether one step of rest, which shows in the first feature, follows every word */
  readonly rests: boolean;
}

export interface SentimentProcess {
  /** Words of a clip, from the least to the most */
  readonly words: readonly [number, number];
  readonly text: Expressiveness;
  readonly audio: Expressiveness;
  readonly vision: Expressiveness;
}

/** Different words of each affect */
export const vocabulary = 8;
/** Words that are not neutral */
const affective = 0.5;
/** How steeply the sign of an affective word follows s */
const steepness = 1.5;

/** Negative, neutral, positive */
export const affects = [-1, 0, 1] as const;
export type Affect = (typeof affects)[number];

/** P(a | s) of the affects −1, 0, 1. */
export function affectProbabilities(sentiment: number): readonly [number, number, number] {
  const positive = affective / (1 + Math.exp(-steepness * sentiment));
  return [affective - positive, 1 - affective, positive];
}

/** The sentiments that there are, as MOSI's means of five annotators: −3, −2.8, …, 3 */
export const sentiments: readonly number[] = Array.from({ length: 31 }, (_, index) =>
  Number((-3 + 0.2 * index).toFixed(1)),
);

/** P(s): two groups of opinions around ±1.4, neutral ones rarely. */
export const sentimentProbabilities: readonly number[] = (() => {
  const around = (s: number, centre: number) => Math.exp(-(((s - centre) / 0.8) ** 2) / 2);
  const densities = sentiments.map((s) => around(s, 1.4) + around(s, -1.4));
  const sum = densities.reduce((total, density) => total + density, 0);
  return densities.map((density) => density / sum);
})();

const workbook: SentimentProcess = {
  words: [4, 9],
  text: {
    length: 10,
    features: 24,
    expressions: 8,
    reliability: 0.95,
    noise: 0.5,
    steps: [1, 1],
    rests: false,
  },
  audio: {
    length: 28,
    features: 5,
    expressions: 4,
    reliability: 0.8,
    noise: 1.2,
    steps: [1, 2],
    rests: true,
  },
  vision: {
    length: 36,
    features: 20,
    expressions: 4,
    reliability: 0.6,
    noise: 2,
    steps: [2, 3],
    rests: true,
  },
};

/** The same by size: short sequences, which train in a minute, and those of CMU-MOSI. */
export const sentimentProcesses = {
  workbook,
  mosi: {
    words: [8, 50],
    text: { ...workbook.text, length: 50, features: 768 },
    audio: { ...workbook.audio, length: 375, steps: [4, 6] },
    vision: { ...workbook.vision, length: 500, steps: [5, 9] },
  },
} as const satisfies Readonly<Record<string, SentimentProcess>>;

export type SentimentSize = keyof typeof sentimentProcesses;
