/** Skipping by name: what is skipped says why, in the list of tests and in the table of all backends. */
import { describeBackend, type BackendName } from '../../src/tensor/backend.js';

/** Why nothing is asked of webgpu that has to do with NaN and Infinity. */
export const noNaN = 'a shader may assume that there is no NaN and no Infinity (WGSL)';

/** Skips the running test or, from a `before`, all tests of its block. */
export function skip(context: Mocha.Context, reason: string): never {
  const running = context.test as Mocha.Test | Mocha.Hook;
  const note = (test: Mocha.Runnable) => (test.title += ` (skipped: ${reason})`);
  if (running.type === 'hook') running.parent!.eachTest(note);
  else note(running);
  context.skip();
}

/** Skips on all backends but one. */
export function onlyOn(context: Mocha.Context, name: BackendName): void {
  if (describeBackend().name !== name) skip(context, `it is about the backend ${name}`);
}
