/** How far a long computation has come, redrawn at most five times a second. */
import { consolePlace } from './console.js';
import { inNotebook, LiveDisplay } from './display.js';

/** Where a progress is drawn. */
export interface ProgressPlace {
  /** @param share how much is done, from 0 to 1, where that is known */
  draw(line: string, share?: number): void;
  /** The last line, which stays. */
  end(line: string): void;
}

const redrawEvery = 200;

export class Progress {
  private readonly place = inNotebook() ? notebookPlace() : consolePlace();
  private readonly start = Date.now();
  private lastDrawn = 0;
  private line: string;

  /** @param first how much was done before, which says nothing about the pace */
  constructor(
    private readonly label: string,
    private readonly first = 0,
  ) {
    this.line = label;
  }

  /**
   * @param total how much there is to do, where that is known
   * @param note what else to say, such as the latest loss
   */
  update(done: number, total?: number, note = ''): void {
    this.reach(done, total, note);
    const now = Date.now();
    if (now - this.lastDrawn < redrawEvery) return;
    this.lastDrawn = now;
    const left = total === undefined ? undefined : total - done;
    const pace = paceOf(done - this.first, left, (now - this.start) / 1000);
    this.place.draw([this.line, ...pace].join(' · '), total && done / total);
  }

  /** Takes the state for the last line without drawing it. */
  reach(done: number, total?: number, note = ''): void {
    const count = total === undefined ? `${done}` : `${done}/${total}`;
    this.line = `${this.label} ${count}${note === '' ? '' : ` · ${note}`}`;
  }

  /** Leaves the last state and the time that it took. */
  finish(): void {
    this.end('took');
  }

  /** Leaves the last state of what ended before its end. */
  stop(): void {
    this.end('stopped after');
  }

  private end(how: string): void {
    const seconds = (Date.now() - this.start) / 1000;
    this.place.end(`${this.line} · ${how} ${duration(seconds)}`);
  }
}

/** How fast it goes, and how long it will take at that rate; nothing before something is done. */
function paceOf(done: number, left: number | undefined, seconds: number): string[] {
  if (done === 0) return [];
  const rate = done / Math.max(seconds, 1e-3);
  const pace = `${rate < 0.1 ? rate.toPrecision(1) : rate.toFixed(1)} a second`;
  if (left === undefined) return [pace];
  return [pace, `${duration(Math.max(0, left) / rate)} left`];
}

/** A place in the output of a cell. */
function notebookPlace(): ProgressPlace {
  const display = new LiveDisplay();
  const draw = (line: string) => {
    display.update({ 'text/plain': line });
  };
  return { draw, end: draw };
}

/** `7 s`, `2 min 05 s`, `3 h 20 min`, `12 days` */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [minutes, hours] = [Math.floor(whole / 60), Math.floor(whole / 3600)];
  const two = (number: number) => String(number).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (hours < 1) return `${minutes} min ${two(whole % 60)} s`;
  return hours < 48 ? `${hours} h ${two(minutes % 60)} min` : `${Math.round(hours / 24)} days`;
}
