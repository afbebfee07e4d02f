/** The GPU and the versions that a measurement on a GPU stands on. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { projectRoot } from '../../files/paths.js';

/** A GPU as NVIDIA's driver describes it. */
export interface NvidiaGpu {
  readonly name: string;
  readonly driver: string;
  readonly memory: string;
}

/** The NVIDIA GPUs of this machine; none where the driver's `nvidia-smi` does not run. */
export function nvidiaGpus(program = 'nvidia-smi'): NvidiaGpu[] {
  const fields = '--query-gpu=name,driver_version,memory.total';
  const { status, stdout } = spawnSync(program, [fields, '--format=csv,noheader'], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (status !== 0) return [];
  return stdout
    .trim()
    .split('\n')
    .map((line) => {
      const [name = '', driver = '', memory = ''] = line.split(',').map((field) => field.trim());
      return { name, driver, memory };
    });
}

const packages = ['@tensorflow/tfjs', '@tensorflow/tfjs-backend-webgpu', 'webgpu'];

/** Versions of the packages that compute, by name. */
export function packageVersions(): Record<string, string> {
  const versionOf = (name: string) => {
    const file = path.join(projectRoot, 'node_modules', name, 'package.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  };
  return Object.fromEntries(packages.map((name) => [name, versionOf(name)]));
}

/** In a bundle, the file that says what it was made from. */
export const bundleFile = path.join(projectRoot, 'bundle.json');

const bundleSchema = z.object({ revision: z.string() });

/** The revision of this project, with `+` behind it where files differ from it. */
export function revision(): string {
  if (existsSync(bundleFile)) {
    return bundleSchema.parse(JSON.parse(readFileSync(bundleFile, 'utf8'))).revision;
  }
  const git = (...parameters: string[]) =>
    spawnSync('git', ['-C', projectRoot, ...parameters], { encoding: 'utf8' });
  const head = git('rev-parse', '--short', 'HEAD');
  if (head.status !== 0) return 'unknown';
  const changed = git('status', '--porcelain').stdout.trim() !== '';
  return `${head.stdout.trim()}${changed ? '+' : ''}`;
}
