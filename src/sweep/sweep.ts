/** A sweep from its file to its table. */
import { abortedBySignals } from '../files/signals.js';
import { runOverRedis } from './coordinator.js';
import { sweepReport } from './display.js';
import type { Ledger } from './ledger.js';
import { runLocally } from './local.js';
import { usualSize } from './pool.js';
import { summaryText } from './summary.js';
import { readSweep } from './sweepFile.js';

export interface SweepCommand {
  readonly runs: string;
  readonly queue: string;
  /** Where it is, workers train the runs; otherwise this machine does */
  readonly redis?: string;
  /** How many runs at a time on this machine */
  readonly jobs?: number;
}

/** Runs a sweep file and prints what came of it; the exit code tells whether all is whole. */
export async function sweep(
  file: string,
  { runs, queue, redis, jobs }: SweepCommand,
): Promise<void> {
  const described = readSweep(file);
  const signal = abortedBySignals();
  const report = sweepReport(described);
  const options = { runs, report, signal };
  let ledger: Ledger;
  try {
    if (redis === undefined) {
      const size = jobs ?? (await usualSize(described.jobs.map(({ config }) => config.backend)));
      ledger = await runLocally(described, { ...options, size });
    } else {
      ledger = await runOverRedis(described, { ...options, redis, queue });
    }
  } finally {
    report.close();
  }
  console.log(summaryText(ledger, runs));
  if (signal.aborted) console.log('stopped; the same command goes on');
  else if (!ledger.allWhole()) process.exitCode = 1;
}
