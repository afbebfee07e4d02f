/** Machines that exist only in a test, for the doctor to look at. */
import path from 'node:path';
import { projectRoot } from '../../src/files/paths.js';
import { replyMark } from '../../src/doctor/checks/mark.js';
import type { Probe } from '../../src/doctor/probe.js';
import type { Finding } from '../../src/doctor/report.js';
import type { Ran } from '../../src/doctor/run.js';

export interface Machine extends Partial<Omit<Probe, 'exists' | 'read' | 'list' | 'run'>> {
  /** Text by path; their folders are there, too */
  readonly files?: Readonly<Record<string, string>>;
  /** What comes of a command line that contains the key; other programs are not there */
  readonly commands?: Readonly<Record<string, Partial<Ran>>>;
}

export const inProject = (...parts: string[]) => path.join(projectRoot, ...parts);

/** A Linux machine with nothing but what is said of it. */
export function probeOf({ files = {}, commands = {}, ...others }: Machine): Probe {
  const paths = Object.keys(files);
  return {
    node: { version: '22.12.0', file: '/usr/bin/node' },
    platform: 'linux',
    architecture: 'x64',
    libc: 'glibc',
    environment: {},
    home: '/home/me',
    exists: (place) => paths.some((file) => file === place || file.startsWith(`${place}/`)),
    read: (file) => files[file],
    list: (folder) => {
      const inside = paths.filter((file) => file.startsWith(`${folder}/`));
      return [
        ...new Set(inside.map((file) => file.slice(folder.length + 1).split('/')[0]!)),
      ].sort();
    },
    run: (command, parameters) => {
      const line = [command, ...parameters].join(' ');
      const [, ran] = Object.entries(commands).find(([part]) => line.includes(part)) ?? [];
      const absent = { failure: `there is no ${command}`, absent: true };
      const success = { failure: undefined, absent: false };
      return Promise.resolve({ stdout: '', stderr: '', ...(ran ? success : absent), ...ran });
    },
    nativeBuild: () => undefined,
    freeDisk: () => Promise.resolve(50e9),
    memory: () => ({ free: 8e9, total: 16e9 }),
    ...others,
  };
}

/** What a check's process writes when it replies, among what libraries write. */
export const replying = (reply: unknown): Partial<Ran> => ({
  stdout: `a library greets\n${replyMark}${JSON.stringify({ reply })}\nand takes leave`,
  stderr: 'and warns',
});

export const computation = {
  device: 'a device',
  gpu: false,
  precision: 'float32',
  productError: 1e-7,
  gradientError: 2e-7,
  startMilliseconds: 100,
  firstMilliseconds: 20,
  medianMilliseconds: 1,
} as const;

/** The one finding of that name. */
export function only(findings: readonly Finding[], what: string): Finding {
  const found = findings.filter((finding) => finding.what === what);
  if (found.length !== 1) throw new Error(`${found.length} findings "${what}", expected 1`);
  return found[0]!;
}
