/** How a sweep looks while it runs: bars on a terminal, a line every few seconds elsewhere. */
import { MultiBar, Presets, type SingleBar } from 'cli-progress';
import { duration } from '../notebook/progress.js';
import type { RunProgress, SweepReport } from './ledger.js';
import type { Sweep, SweepJob } from './sweepFile.js';

export const sweepReport = (
  sweep: Sweep,
  stream: NodeJS.WriteStream = process.stdout,
): SweepReport =>
  stream.isTTY ? barReport(sweep, stream) : lineReport(sweep, (line) => stream.write(`${line}\n`));

/** The last part of a run's name, which says most. */
const shortName = ({ name }: SweepJob): string => name.slice(name.lastIndexOf('/') + 1);

/** How a run that is under way gets on. */
class Pace {
  private readonly start = Date.now();

  constructor(private readonly first: RunProgress) {}

  /** Such as ` · 12.3 a second · 40 s left`; nothing before it has moved. */
  text({ done, total }: RunProgress): string {
    const moved = done - this.first.done;
    if (moved === 0) return '';
    const rate = moved / Math.max((Date.now() - this.start) / 1000, 1e-3);
    return ` · ${rate.toFixed(1)} a second · ${duration((total - done) / rate)} left`;
  }
}

const endText = (job: SweepJob, state: string, reason?: string): string =>
  `${shortName(job)}  ${reason === undefined ? state : `${state}: ${reason}`}`;

function barReport({ name, jobs }: Sweep, stream: NodeJS.WriteStream): SweepReport {
  const display = new MultiBar(
    {
      format: '{name} {bar} {value}/{total}{note}',
      stream,
      clearOnComplete: true,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  const all = display.create(jobs.length, 0, { name, note: ' runs' });
  const bars = new Map<SweepJob, { bar: SingleBar; pace: Pace }>();
  const remove = (job: SweepJob) => {
    const shown = bars.get(job);
    if (shown) display.remove(shown.bar);
    bars.delete(job);
  };
  /** More bars than lines could not be drawn over; with many workers only some runs have one. */
  const hasRoom = () => bars.size < Math.max(1, stream.rows - 3);
  return {
    began: () => undefined,
    progress: (job, progress) => {
      if (!bars.has(job)) {
        if (!hasRoom()) return;
        const bar = display.create(progress.total, 0, { name: shortName(job), note: '' });
        bars.set(job, { bar, pace: new Pace(progress) });
      }
      const { bar, pace } = bars.get(job)!;
      const note = ` · loss ${progress.loss.toFixed(4)}${pace.text(progress)}`;
      bar.update(progress.done, { note });
    },
    wentBack: remove,
    ended: (job, state, reason) => {
      remove(job);
      all.increment();
      if (state !== 'whole') display.log(`${endText(job, state, reason)}\n`);
    },
    note: (text) => {
      display.log(`${text}\n`);
    },
    close: () => {
      // Writes the last notes, which to stop forgets.
      display.update();
      display.stop();
    },
  };
}

/** At most one line about steps every few seconds, so that logs stay readable. */
const lineEvery = 5000;

/** @param write writes a line */
export function lineReport({ jobs }: Sweep, write: (line: string) => void): SweepReport {
  let last = Date.now();
  let ended = 0;
  /** With what is known of them since their first steps */
  const running = new Map<SweepJob, { progress: RunProgress; pace: Pace } | undefined>();
  const tell = () => {
    const parts = [...running].map(([job, known]) => {
      if (!known) return shortName(job);
      const { done, total } = known.progress;
      return `${shortName(job)} ${done}/${total}${known.pace.text(known.progress)}`;
    });
    write([`${ended}/${jobs.length} runs`, ...parts].join(' | '));
  };
  return {
    began: (job) => {
      running.set(job, undefined);
      write(`${shortName(job)} …`);
    },
    progress: (job, progress) => {
      running.set(job, { progress, pace: running.get(job)?.pace ?? new Pace(progress) });
      if (Date.now() - last < lineEvery) return;
      last = Date.now();
      tell();
    },
    wentBack: (job) => {
      running.delete(job);
      write(`${shortName(job)}  waits again`);
    },
    ended: (job, state, reason) => {
      running.delete(job);
      ended++;
      write(`${endText(job, state, reason)} (${ended}/${jobs.length})`);
    },
    note: write,
    close: () => undefined,
  };
}
