/** The nine encoders of MulT: what each is called, what it is asked by and what it reads. */
import { multModalities, type MultModality } from './config.js';

/** Enriches the tokens of `to` by those of `from`. */
export interface CrossModal {
  readonly name: string;
  readonly to: MultModality;
  readonly from: MultModality;
}

const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** `textFromAudio`, `textFromVision`, `audioFromText`, … */
export const crossModal: readonly CrossModal[] = multModalities.flatMap((to) =>
  multModalities
    .filter((from) => from !== to)
    .map((from) => ({ name: `cross.${to}From${capitalised(from)}`, to, from })),
);

/** The encoder that a modality's two enriched streams go through together */
export const memoryOf = (name: MultModality): string => `memory.${name}`;
