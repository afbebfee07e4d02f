/** A Node process of its own, for what can be set or lost only once a process. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { performance } from 'node:perf_hooks';

export interface Ended {
  /** The exit code; null where a signal ended it, as when it took longer than a minute */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/**
 * Runs code in a new process and waits until that ends by itself.
 *
 * @param code may use `await`, `require`, and `from`, which gives a file of src/tensor
 * @param environment changes to this process's environment; undefined takes a variable away
 */
export function inNewProcess(
  code: string,
  environment: Readonly<Record<string, string | undefined>> = {},
): Ended {
  const tensor = JSON.stringify(path.join(__dirname, '..', '..', 'src', 'tensor'));
  const program = `
    const from = (file) => require(${tensor} + '/' + file);
    (async () => {${code}\n})();`;
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 60_000,
  });
  return { status, stdout, stderr, seconds: (performance.now() - start) / 1000 };
}
