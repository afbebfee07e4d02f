/** Other programs, run to their end or to a time limit, whatever they do. */
import { spawn } from 'node:child_process';

/** What came of a program. */
export interface Ran {
  /** Why it did not succeed, such as "ended by SIGSEGV"; undefined where it did */
  readonly failure: string | undefined;
  /** Whether there is no such program */
  readonly absent: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** It is killed after so many */
  readonly seconds?: number;
  /** What its environment has besides that of this process */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Of endless output the end is kept: most that anything asked for here writes is far less. */
const mostCharacters = 1_000_000;

/** Runs a program without a shell. It never throws: what goes wrong is told in the result. */
export function runProgram(
  command: string,
  parameters: readonly string[],
  { seconds = 20, environment = {} }: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(command, [...parameters], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] = `${output[name]}${text}`.slice(-mostCharacters);
      });
    }
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
      // What it has started itself may live on and hold these open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, seconds * 1000);
    const end = (failure: string | undefined, absent = false) => {
      clearTimeout(timer);
      resolve({ failure, absent, ...output });
    };
    child.on('error', ({ code, message }: NodeJS.ErrnoException) => {
      const absent = code === 'ENOENT';
      end(absent ? `there is no ${command}` : message, absent);
    });
    child.on('close', (code, signal) => {
      if (late) end(`did not end within ${seconds} s`);
      else if (code === 0) end(undefined);
      else {
        const said = output.stderr.trim().split('\n').at(-1);
        end(`${signal ? `ended by ${signal}` : `exit code ${code}`}${said ? `: ${said}` : ''}`);
      }
    });
  });
}
