/** What coordinators and workers must agree on: the queue's name, what its jobs say, how often they are tried. */
import type { JobsOptions } from 'bullmq';
import { z } from 'zod';
import { resolveRun, type RunConfig } from '../experiments/config.js';
import type { RunProgress } from './ledger.js';
import { attempts } from './local.js';

/** All sweeps of a folder of runs share a queue, unless they are told apart by another name. */
export const queueName = (folderId: string, name: string): string => `mmp-${name}-${folderId}`;

/** A queue's job is called as its run, so that BullMQ takes none twice. */
export interface JobData {
  readonly name: string;
  readonly config: RunConfig;
}

export const jobOptions = (name: string): JobsOptions => ({
  jobId: name,
  attempts,
  // Its folder tells that it is whole. That it failed only the queue knows; `mmp sweep` tries it again.
  removeOnComplete: true,
  removeOnFail: false,
});

const dataSchema = z.object({ name: z.string(), config: z.unknown() });

/**
 * The data of a job, which a coordinator of another version may have written.
 *
 * @throws Error naming the keys that this version does not know
 */
export function readJob(data: unknown): JobData {
  const { name, config } = dataSchema.parse(data);
  return { name, config: resolveRun(config, name) };
}

const progressSchema = z.object({ done: z.number(), total: z.number(), loss: z.number() });

/** A progress as it comes through the queue; undefined where it is none of ours. */
export const readProgress = (data: unknown): RunProgress | undefined =>
  progressSchema.safeParse(data).data;
