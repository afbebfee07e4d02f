/** Waiting for a signal. */
import { once } from 'node:events';

export async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
