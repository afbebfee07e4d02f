/** All that the doctor sees of the machine. Tests put another machine in its place. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { freemem, homedir, totalmem } from 'node:os';
import { readNativeBuild, type NativeBuild } from '../tensor/native.js';
import { runProgram, type Ran, type RunOptions } from './run.js';

export interface Probe {
  /** Version, without the v, and program of the Node that runs this */
  readonly node: { readonly version: string; readonly file: string };
  readonly platform: NodeJS.Platform;
  readonly architecture: string;
  /** Which C library Linux programs use here; null elsewhere */
  readonly libc: 'glibc' | 'musl' | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The user's folder */
  readonly home: string;
  /** Whether there is such a file or folder; a link counts as what it leads to */
  exists(file: string): boolean;
  /** A file's text; undefined where it cannot be read */
  read(file: string): string | undefined;
  /** The names in a folder, sorted; none where it cannot be read */
  list(folder: string): string[];
  run(command: string, parameters: readonly string[], options?: RunOptions): Promise<Ran>;
  /** @throws Error when what lies there is no description of a build */
  nativeBuild(): NativeBuild | undefined;
  /** Bytes that can still be written to the disk of a folder */
  freeDisk(folder: string): Promise<number>;
  /** Bytes of memory that are free, and all that this process may use */
  memory(): { readonly free: number; readonly total: number };
}

/** The native build; undefined also where its description is damaged, which a finding of its own says. */
export function nativeBuildOf(probe: Probe): NativeBuild | undefined {
  return orElse(undefined, () => probe.nativeBuild());
}

/** This machine. */
export function machineProbe(): Probe {
  return {
    node: { version: process.versions.node, file: process.execPath },
    platform: process.platform,
    architecture: process.arch,
    libc: libcOfNode(),
    environment: process.env,
    home: homedir(),
    exists: existsSync,
    read: (file) => orElse(undefined, () => readFileSync(file, 'utf8')),
    list: (folder) => orElse([], () => readdirSync(folder).sort()),
    run: runProgram,
    nativeBuild: readNativeBuild,
    freeDisk: async (folder) => {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
    memory: () => {
      // In a container the limit; without one a number above all memory.
      const limit = process.constrainedMemory();
      const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
      return { free: Math.min(freemem(), total), total };
    },
  };
}

function libcOfNode(): Probe['libc'] {
  if (process.platform !== 'linux') return null;
  // Otherwise the report looks up names in the network.
  Object.assign(process.report, { excludeNetwork: true });
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined ? 'musl' : 'glibc';
}

function orElse<Value>(fallback: Value, read: () => Value): Value {
  try {
    return read();
  } catch {
    return fallback;
  }
}
