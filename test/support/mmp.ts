/** The command line as a process of its own, for what happens to it while it works. */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';

export interface RunningMmp {
  readonly process: ChildProcess;
  /** What it has written so far, to stdout and stderr */
  readonly said: () => string;
  /** Its exit code; null when a signal ended it */
  readonly ended: Promise<number | null>;
}

export function startMmp(...parameters: string[]): RunningMmp {
  const cli = path.join(projectRoot, 'dist', 'src', 'cli.js');
  const child = spawn(process.execPath, [cli, ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { process: child, said: () => said, ended };
}
