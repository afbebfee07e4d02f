/** How far a long computation has come, redrawn in place at most five times a second. */
import { LiveDisplay } from './display.js';

const redrawEvery = 200;

export class Progress {
  private readonly display = new LiveDisplay();
  private readonly start = Date.now();
  private lastDrawn = 0;

  private line = '';

  constructor(private readonly label: string) {}

  /** @param note what else to say, such as the latest loss */
  update(done: number, total: number, note = ''): void {
    this.line = `${this.label} ${done}/${total}${note === '' ? '' : ` · ${note}`}`;
    const now = Date.now();
    if (now - this.lastDrawn < redrawEvery) return;
    this.lastDrawn = now;
    const seconds = (now - this.start) / 1000;
    const rate = `${(done / Math.max(seconds, 1e-3)).toFixed(1)} a second`;
    const left = done > 0 ? ` · ${duration((seconds / done) * (total - done))} left` : '';
    this.display.update({ 'text/plain': `${this.line} · ${rate}${left}` });
  }

  /** Leaves the last state and the time that it took. */
  finish(): void {
    const took = duration((Date.now() - this.start) / 1000);
    this.display.finish({ 'text/plain': `${this.line} · took ${took}` });
  }
}

/** `7 s`, `2 min 05 s` */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}

/** Runs through items and shows how far it is. */
export function* track<T>(items: readonly T[], label: string): Generator<T> {
  const progress = new Progress(label);
  for (const [done, item] of items.entries()) {
    progress.update(done, items.length);
    yield item;
  }
  progress.update(items.length, items.length);
  progress.finish();
}
