/** How the cost of MMP grows with one of its sizes. */
import path from 'node:path';
import type { PresentEngine } from './engines.js';
import { measure, type Job, type Limits } from './measure.js';
import { growthExponent, summariseTimes } from './summary.js';
import { writeTask } from './task.js';
import type { Series } from './tasks.js';

export interface GrowthRow {
  readonly engine: string;
  readonly threads: number;
  /** By size; the median is in milliseconds and null, with the error, where it failed */
  readonly points: readonly {
    readonly size: number;
    readonly steps: number;
    readonly median: number | null;
    readonly error: string | null;
  }[];
  /** Null where fewer than two sizes could be measured */
  readonly exponent: number | null;
}

export interface Growth {
  readonly letter: Series['letter'];
  readonly rows: GrowthRow[];
}

/** @param folder where the tasks are written */
export async function measureGrowth(
  { letter, sizes, task }: Series,
  engines: readonly PresentEngine[],
  folder: string,
  limits: Limits,
  say: (text: string) => void,
): Promise<Growth> {
  const jobs: Job[] = [];
  for (const size of sizes) {
    const place = path.join(folder, `${letter}${size}`);
    await writeTask(place, task(size));
    jobs.push(...engines.map((engine) => ({ engine, folder: place })));
  }
  const measurements = await measure(jobs, limits, say);
  const rows = engines.map(({ command, threads }, index): GrowthRow => {
    const points = sizes.map((size, place) => {
      const { milliseconds, error } = measurements[place * engines.length + index]!;
      const median = summariseTimes(milliseconds)?.median ?? null;
      return { size, steps: milliseconds.length, median, error };
    });
    const measured = points.filter(({ median }) => median !== null);
    const exponent =
      measured.length < 2
        ? null
        : growthExponent(
            measured.map(({ size }) => size),
            measured.map(({ median }) => median!),
          );
    return { engine: command.name, threads, points, exponent };
  });
  return { letter, rows };
}
