/**
 * Which of the files that cells depend on have changed. They are looked at before each cell and not in
 * between: a cell that runs right after a file was saved sees it, and training is not disturbed.
 */
import { statSync } from 'node:fs';

type Changed = (exists: boolean) => void;

export class FileWatch {
  private readonly watched = new Map<string, { readonly changed: Changed; time: number }>();

  add(file: string, changed: Changed): void {
    this.watched.set(file, { changed, time: timeOf(file) });
  }

  remove(file: string): void {
    this.watched.delete(file);
  }

  /** Tells of every file that has changed since it was looked at last. */
  check(): void {
    for (const [file, entry] of this.watched) {
      const time = timeOf(file);
      if (time === entry.time) continue;
      entry.time = time;
      entry.changed(time > 0);
    }
  }
}

function timeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
