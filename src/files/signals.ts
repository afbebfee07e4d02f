/** SIGINT (Ctrl-C) and SIGTERM, told to what has something to put away before the process ends. */
import { constants } from 'node:os';

/**
 * From now on these signals do not end the process; they abort the result, once, with the exit code set by
 * which shells know them.
 */
export function abortedBySignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Shells and npm may hand on the same signal several times.
    process.on(name, () => {
      process.exitCode = 128 + constants.signals[name];
      controller.abort(new Error(`interrupted by ${name}`));
    });
  }
  return controller.signal;
}
