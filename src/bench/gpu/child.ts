/** A child process with a time limit, and everything that it writes. */
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

export interface ChildResult {
  /** Standard output; what goes to standard error is in the log, and at the end of `failure` */
  readonly output: string;
  readonly seconds: number;
  /** Why it did not end well; null where it did */
  readonly failure: string | null;
}

export interface ChildOptions {
  readonly seconds: number;
  /** A file that everything is appended to */
  readonly log: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs a command to its end, or kills it, and the processes that it has started, when its time is over.
 *
 * @returns what came of it; a command that cannot be started is a failure, too
 */
export async function runChild(
  command: string,
  parameters: readonly string[],
  { seconds, log, environment = {} }: ChildOptions,
): Promise<ChildResult> {
  const begin = performance.now();
  // A group of its own, so that its children can be ended with it.
  const child = spawn(command, [...parameters], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  const killGroup = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  };
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    appendFileSync(log, chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors = `${errors}${chunk.toString()}`.slice(-4000);
    appendFileSync(log, chunk);
  });
  let failure: string | null = null;
  const timer = setTimeout(() => {
    failure = `no end within ${Math.round(seconds)} s`;
    killGroup();
  }, seconds * 1000);
  const stop = () => process.exit(130);
  process.once('SIGINT', stop).once('SIGTERM', stop).once('exit', killGroup);
  await new Promise<void>((resolve) => {
    child.on('error', ({ message }) => {
      failure ??= message;
      resolve();
    });
    child.on('close', (code, signal) => {
      const said = lastWords(errors);
      if (code !== 0) failure ??= `${signal ?? `exit code ${code}`}${said ? `: ${said}` : ''}`;
      resolve();
    });
  });
  clearTimeout(timer);
  process.off('SIGINT', stop).off('SIGTERM', stop).off('exit', killGroup);
  return { output, seconds: (performance.now() - begin) / 1000, failure };
}

/** The line of an error that Node has not caught, which stands above its stack, or the last line. */
function lastWords(errors: string): string | undefined {
  const lines = errors.trim().split('\n');
  return lines.filter((line) => /^\w*Error\b.*:/.test(line)).at(-1) ?? lines.at(-1);
}
