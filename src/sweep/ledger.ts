/** The book of a sweep: which run is where, and what each change means for the others. */
import type { SweepJob } from './sweepFile.js';

/** How far a run has come. */
export interface RunProgress {
  readonly done: number;
  readonly total: number;
  readonly loss: number;
}

/** `kept`: not run, because what it starts from failed. */
export type JobState = 'waiting' | 'running' | 'whole' | 'failed' | 'kept';

/** Told what happens, to show it. */
export interface SweepReport {
  began(job: SweepJob): void;
  progress(job: SweepJob, progress: RunProgress): void;
  /** A running job waits again. */
  wentBack(job: SweepJob): void;
  /** @param reason why it is not whole */
  ended(job: SweepJob, state: JobState, reason?: string): void;
  note(text: string): void;
  /** Nothing more comes. */
  close(): void;
}

interface Entry {
  readonly job: SweepJob;
  state: JobState;
  reason?: string;
}

export class Ledger {
  private readonly entriesByName: ReadonlyMap<string, Entry>;

  constructor(
    jobs: readonly SweepJob[],
    private readonly report: SweepReport,
  ) {
    this.entriesByName = new Map(jobs.map((job) => [job.name, { job, state: 'waiting' }]));
  }

  get entries(): readonly Readonly<Entry>[] {
    return [...this.entriesByName.values()];
  }

  /** Jobs that can run now, with what they start from being whole. */
  get ready(): SweepJob[] {
    return this.jobs(
      ({ job, state }) =>
        state === 'waiting' && (job.after === undefined || this.state(job.after) === 'whole'),
    );
  }

  get running(): SweepJob[] {
    return this.jobs(({ state }) => state === 'running');
  }

  /** Whether something has not come to its end. */
  isOpen(): boolean {
    return this.entries.some(({ state }) => state === 'waiting' || state === 'running');
  }

  allWhole(): boolean {
    return this.entries.every(({ state }) => state === 'whole');
  }

  state(name: string): JobState | undefined {
    return this.entriesByName.get(name)?.state;
  }

  begin(name: string): void {
    const entry = this.entriesByName.get(name);
    if (entry?.state !== 'waiting') return;
    entry.state = 'running';
    this.report.began(entry.job);
  }

  progress(name: string, progress: RunProgress): void {
    this.begin(name);
    const entry = this.entriesByName.get(name);
    if (entry?.state === 'running') this.report.progress(entry.job, progress);
  }

  /** It runs no longer and is not done: it waits again. */
  putBack(name: string): void {
    const entry = this.entriesByName.get(name);
    if (entry?.state !== 'running') return;
    entry.state = 'waiting';
    this.report.wentBack(entry.job);
  }

  finish(name: string): void {
    this.end(name, 'whole');
  }

  /** It will not be tried again; neither will what starts from it. */
  fail(name: string, reason: string): void {
    if (this.end(name, 'failed', reason)) this.keep(name, `${name} failed`);
  }

  private keep(base: string, reason: string): void {
    for (const { name } of this.jobs(({ job }) => job.after === base)) {
      this.end(name, 'kept', reason);
      this.keep(name, reason);
    }
  }

  /** @returns whether it had not ended before */
  private end(name: string, state: JobState, reason?: string): boolean {
    const entry = this.entriesByName.get(name);
    if (entry?.state !== 'waiting' && entry?.state !== 'running') return false;
    entry.state = state;
    if (reason !== undefined) entry.reason = reason;
    this.report.ended(entry.job, state, reason);
    return true;
  }

  private jobs(chosen: (entry: Entry) => boolean): SweepJob[] {
    return this.entries.filter(chosen).map(({ job }) => job);
  }
}
