/** A sweep on this machine alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import { aborted } from './aborted.js';
import { Ledger, type SweepReport } from './ledger.js';
import { ChildPool, type Outcome } from './pool.js';
import type { Sweep, SweepJob } from './sweepFile.js';
import { expectOutsideRuns, isTrained } from './trained.js';

/** How often a run is begun or gone on with when its process dies. */
export const attempts = 3;

/** After how many milliseconds a run that somebody else trains is asked for again. */
export const lockedDelay = 5000;

export interface SweepOptions {
  /** The folder of all runs */
  readonly runs: string;
  readonly report: SweepReport;
  /** Aborted: checkpoints are saved, and the sweep ends early */
  readonly signal: AbortSignal;
}

/**
 * Trains what is not there yet, `size` runs at a time.
 *
 * @throws Error naming a run to start from that is not there, before anything is trained
 */
export async function runLocally(
  sweep: Sweep,
  { runs, report, signal, size }: SweepOptions & { readonly size: number },
): Promise<Ledger> {
  expectOutsideRuns(sweep, runs);
  const { jobs } = sweep;
  const ledger = new Ledger(jobs, report);
  const pool = new ChildPool(size);
  const underWay = new Set<Promise<void>>();
  for (const job of jobs) if (isTrained(runs, job)) ledger.finish(job.name);
  // What it waits for is waited for below.
  void aborted(signal).then(() => pool.stop());
  try {
    while (!signal.aborted) {
      for (const job of ledger.ready.slice(0, size - underWay.size)) {
        ledger.begin(job.name);
        const training = trainJob(job, runs, { ledger, pool, report, signal });
        underWay.add(training);
        void training.finally(() => underWay.delete(training));
      }
      if (underWay.size === 0) break;
      await Promise.race(underWay);
    }
    await Promise.all(underWay);
  } finally {
    await pool.stop();
  }
  return ledger;
}

interface Surroundings extends Pick<SweepOptions, 'report' | 'signal'> {
  readonly ledger: Ledger;
  readonly pool: ChildPool;
}

/** Trains a job until it is whole, has failed, or is to stop. */
async function trainJob(
  { name, config }: SweepJob,
  runs: string,
  { ledger, pool, report, signal }: Surroundings,
): Promise<void> {
  const listener = {
    onProgress: ledger.progress.bind(ledger, name),
    onWarning: report.note.bind(report),
  };
  for (let deaths = 0; deaths < attempts;) {
    const outcome: Outcome = await pool.run({ runs, name, config }, listener);
    switch (outcome.state) {
      case 'whole':
        ledger.finish(name);
        return;
      case 'failed':
        ledger.fail(name, outcome.reason);
        return;
      case 'stopped':
        ledger.putBack(name);
        return;
      case 'locked':
        report.note(`${outcome.reason}; asked again soon`);
        await sleep(lockedDelay, undefined, { signal }).catch(() => undefined);
        break;
      case 'died':
        deaths++;
        report.note(`${name}: ${outcome.reason}`);
        if (deaths === attempts) ledger.fail(name, `${attempts} times: ${outcome.reason}`);
    }
  }
}
