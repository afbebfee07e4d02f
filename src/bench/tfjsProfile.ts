/** What one step on TF.js does: kernels by name with their time, and the most memory in tensors. */
import { peakBytes } from '../tensor/peak.js';
import { tf } from '../tensor/tf.js';
import type { Profile } from './protocol.js';
import type { RunStep } from './tfjsTask.js';

export async function profileStep(run: RunStep): Promise<Profile> {
  const begin = performance.now();
  const held = tf.memory().numBytes;
  let kernels: Awaited<ReturnType<typeof tf.profile>>['kernels'] = [];
  const bytesOfStep = await peakBytes(async () => {
    ({ kernels } = await tf.profile(async () => {
      await run();
      return tf.scalar(0);
    }));
  });
  const milliseconds = performance.now() - begin;
  // An operation with a gradient of ours is listed under its scope's name, besides its kernels.
  const own = kernels.filter(({ name }) => isKernel(name));

  const byKernel = new Map<string, { calls: number; milliseconds: number }>();
  for (const { name, kernelTimeMs } of own) {
    const entry = byKernel.get(name) ?? { calls: 0, milliseconds: 0 };
    entry.calls++;
    if (typeof kernelTimeMs === 'number') entry.milliseconds += kernelTimeMs;
    byKernel.set(name, entry);
  }
  return {
    milliseconds,
    kernels: own.length,
    peakTensors: kernels.reduce((most, kernel) => Math.max(most, kernel.totalTensorsSnapshot), 0),
    peakBytes: held + bytesOfStep,
    byKernel: [...byKernel].map(([name, entry]) => ({ name, ...entry })),
  };
}

function isKernel(name: string): boolean {
  // The types leave out that there may be none of that name.
  return (tf.getKernel(name, tf.getBackend()) as tf.KernelConfig | undefined) !== undefined;
}
