/**
 * How what runs in a cell learns that its reader has interrupted it. Our kernel leaves an object under a
 * global symbol; elsewhere there is none, and nothing is ever interrupted.
 */
export const kernelSymbol = Symbol.for('mmp.kernel');

/** What our kernel lets the library know. */
export interface RunningKernel {
  /** The abort signal of the cell whose code is running; it follows asynchronous calls. */
  signal(): AbortSignal | undefined;
  /** Frees tensors that nobody can reach, and counts the others by the cell that made them. */
  tensors(): Promise<readonly { label: string; tensors: number; bytes: number }[]>;
}

/** The kernel that this process is, where it is ours. */
export function runningKernel(): RunningKernel | undefined {
  return (globalThis as { [kernelSymbol]?: RunningKernel })[kernelSymbol];
}

/** The signal of the running cell, where there is one. Ask anew each time: the next cell has another. */
export function interruption(): AbortSignal | undefined {
  return runningKernel()?.signal();
}

/**
 * To be called between pieces of work after which it is safe to stop.
 *
 * @throws the signal's reason when the running cell has been interrupted
 */
export function throwIfInterrupted(): void {
  interruption()?.throwIfAborted();
}

/** Rejects with the signal's reason when the running cell is interrupted, and does nothing before. */
export function untilInterrupted(): Promise<never> {
  const signal = interruption();
  return new Promise((_, reject) => {
    signal?.addEventListener(
      'abort',
      () => {
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
}
