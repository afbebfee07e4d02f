/** The nine encoders of MulT: what each is called, what it is asked by and what it reads. */
import { sentimentModalities, type SentimentModality } from '../sentimentModalities.js';

/** Enriches the tokens of `to` by those of `from`. */
export interface CrossModal {
  readonly name: string;
  readonly to: SentimentModality;
  readonly from: SentimentModality;
}

const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** `textFromAudio`, `textFromVision`, `audioFromText`, … */
export const crossModal: readonly CrossModal[] = sentimentModalities.flatMap((to) =>
  sentimentModalities
    .filter((from) => from !== to)
    .map((from) => ({ name: `cross.${to}From${capitalised(from)}`, to, from })),
);

/** The encoder that a modality's two enriched streams go through together */
export const memoryOf = (name: SentimentModality): string => `memory.${name}`;
