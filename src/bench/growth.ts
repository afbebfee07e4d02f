/** How the cost of MMP grows with one of its sizes. */
import path from 'node:path';
import type { PresentEngine } from './engines.js';
import { measure, type Limits } from './measure.js';
import { growthExponent, summariseTimes } from './summary.js';
import { writeTask } from './task.js';
import type { Series } from './tasks.js';

export interface GrowthRow {
  readonly engine: string;
  readonly threads: number;
  /** By size; the median is in milliseconds and null, with the error, where it failed */
  readonly points: { size: number; steps: number; median: number | null; error: string | null }[];
  /** Null where fewer than two sizes could be measured */
  exponent: number | null;
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
  const rows: GrowthRow[] = engines.map(({ command, threads }) => ({
    engine: command.name,
    threads,
    points: [],
    exponent: null,
  }));
  for (const size of sizes) {
    const place = path.join(folder, `${letter}${size}`);
    await writeTask(place, task(size));
    const measurements = await measure(engines, place, limits, (text) => {
      say(`${letter} ${size}, ${text}`);
    });
    measurements.forEach(({ milliseconds, error }, index) => {
      const median = summariseTimes(milliseconds)?.median ?? null;
      rows[index]!.points.push({ size, steps: milliseconds.length, median, error });
    });
  }
  for (const row of rows) {
    const measured = row.points.filter(({ median }) => median !== null);
    if (measured.length < 2) continue;
    row.exponent = growthExponent(
      measured.map(({ size }) => size),
      measured.map(({ median }) => median!),
    );
  }
  return { letter, rows };
}
