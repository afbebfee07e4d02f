/** How much memory tensors need at a time. */
import { tf } from './tf.js';

/**
 * Runs f and watches what tensors hold: their values, each counted once however many tensors share them, where
 * `tf.memory().numBytes` counts them for every tensor, so also for those that are kept for a gradient. What a backend
 * takes for itself within a kernel is not in it.
 *
 * @returns the most bytes that were held at a time beyond those that were held before
 */
export async function peakBytes(f: () => unknown): Promise<number> {
  const held = tf.engine().state.tensorInfo;
  let [now, most] = [0, 0];
  // The engine notes here all values that come and go, and is asked nothing else: the methods of this one map are
  // covered by others for as long as f runs.
  Object.assign(held, {
    set: (...[data, info]: Parameters<typeof held.set>) => {
      now += info.bytes;
      most = Math.max(most, now);
      return WeakMap.prototype.set.call(held, data, info);
    },
    delete: (data: object) => {
      now -= held.get(data)?.bytes ?? 0;
      return WeakMap.prototype.delete.call(held, data);
    },
  });
  try {
    await f();
    return most;
  } finally {
    const own = held as Partial<typeof held>;
    delete own.set;
    delete own.delete;
  }
}
