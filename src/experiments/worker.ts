/** What a worker thread does: one job at a time, telling its progress through a port. */
import type { MessagePort } from 'node:worker_threads';
import { useBackend } from '../tensor/backend.js';
import { setThreadCount } from '../tensor/wasm/team.js';
import { runJob, type Job } from './seeds.js';

export default async function work({ job, port }: { job: Job; port: MessagePort }): Promise<void> {
  // The other cores have jobs of their own.
  setThreadCount(1);
  await useBackend(job.backend);
  await runJob(job, (records) => {
    port.postMessage(records);
  });
}
