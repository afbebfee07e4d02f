/**
 * What the harness and an engine say to each other: one JSON object a line, requests on the engine's
 * standard input, replies on its standard output. An engine that has started speaks first, with its
 * description; then it answers every request with one reply, or with `{"error": "…"}`.
 */
import { z } from 'zod';

export type Request =
  /** Loads a task from its folder. */
  | { readonly do: 'prepare'; readonly task: string }
  /** Runs one step to its end: the value is read within the time that is measured. */
  | { readonly do: 'step' }
  /** Runs steps one after another and reads their values in the end, as the training loop does. */
  | { readonly do: 'queue'; readonly steps: number }
  /** Runs one more step, and watches it. */
  | { readonly do: 'profile' }
  /** Ends the process; there is no reply. */
  | { readonly do: 'close' };

/** Highest resident set of the process so far, in bytes; null where the system does not tell. */
const residentPeakBytes = z.number().nullable();

/** Hardware of which there is no vendor to name */
export const hardware = { cpu: 'cpu', software: 'software' } as const;

export const descriptionSchema = z.object({
  /** How many threads compute */
  threads: z.number(),
  /**
   * What its times are of: `cpu`, `gpu` with the name of its vendor, or `software`, a program that acts as a
   * GPU. Only times of the same are compared.
   */
  hardware: z.string(),
  /** What they compute on, in words */
  device: z.string(),
  version: z.string(),
});
export type EngineDescription = z.infer<typeof descriptionSchema>;

export const preparedSchema = z.object({
  residentPeakBytes,
  /** Whether steps can be queued: those that train */
  queues: z.boolean(),
});
export type Prepared = z.infer<typeof preparedSchema>;

export const stepSchema = z.object({
  milliseconds: z.number(),
  /** The loss before the update; of `evaluation`, the mean squared logit */
  value: z.number(),
  residentPeakBytes,
});
export type Step = z.infer<typeof stepSchema>;

export const queueSchema = z.object({
  /** Of all steps together */
  milliseconds: z.number(),
  /** Of each step */
  values: z.array(z.number()),
});
export type Queue = z.infer<typeof queueSchema>;

export const profileSchema = z.object({
  milliseconds: z.number(),
  /** Kernels that ran; null where the engine does not count them */
  kernels: z.number().nullable(),
  /** The most tensors alive at once, the task's own among them */
  peakTensors: z.number().nullable(),
  /** The most bytes in tensors at once, the task's own among them */
  peakBytes: z.number().nullable(),
  /** Time of its own and calls by kernel, in no order */
  byKernel: z.array(z.object({ name: z.string(), calls: z.number(), milliseconds: z.number() })),
});
export type Profile = z.infer<typeof profileSchema>;

export const errorSchema = z.object({ error: z.string() });
