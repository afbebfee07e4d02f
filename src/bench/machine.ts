/** The machine and the versions that a measurement stands on. */
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  readonly processor: string;
  /** Cores that this process may use, and with that the number of threads of "all threads" */
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** Mean number of waiting processes in the minute before: whether others were at work */
  readonly load: number;
  /** ISO 8601 */
  readonly date: string;
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    load: loadavg()[0]!,
    date: new Date().toISOString(),
  };
}
