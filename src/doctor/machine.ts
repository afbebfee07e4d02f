/** Disk space and memory. */
import { projectRoot } from '../files/paths.js';
import type { Probe } from './probe.js';
import type { Finding } from './report.js';

/** Native TensorFlow needs this much, the largest of what the commands download. */
const leastDisk = 2e9;
/** The largest task of the benchmark has 0.4 GB resident (environment.md), and Node and Jupyter want theirs. */
const leastMemory = 1e9;

export async function machineFindings(probe: Probe): Promise<Finding[]> {
  const disk = await probe.freeDisk(projectRoot);
  const { free, total } = probe.memory();
  return [
    {
      area: 'machine',
      what: 'disk',
      ...(disk >= leastDisk
        ? { state: 'ok', remedy: null }
        : { state: 'warning', remedy: `free ${size(leastDisk)}; npm run setup:native needs them` }),
      detail: `${size(disk)} free for ${projectRoot}`,
    },
    {
      area: 'machine',
      what: 'memory',
      ...(free >= leastMemory
        ? { state: 'ok', remedy: null }
        : { state: 'warning', remedy: 'end other programs before a long run' }),
      detail: `${size(free)} free of ${size(total)}`,
    },
  ];
}

const size = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
