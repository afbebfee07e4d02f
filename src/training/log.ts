/** The log of a run, without reading all of it: its end, or what has come since the last time. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { recordOf } from './runs.js';
import type { TrainingRecord } from './train.js';

/** How much of the end is read at first: more than 20 steps usually take. */
const firstGuess = 8192;

/** The last steps of a run; none before its first. */
export function readLastRecords(folder: string, count: number): TrainingRecord[] {
  return withLog(folder, (descriptor) => {
    const { size } = fstatSync(descriptor);
    for (let length = firstGuess; ; length *= 2) {
      const start = Math.max(0, size - length);
      const lines = wholeLines(readBytes(descriptor, start, size));
      // Where the beginning is not read, the first line is the rest of one.
      if (start > 0) lines.shift();
      if (start > 0 && lines.length < count) continue;
      return lines.slice(-count).map((line) => recordOf(folder, line));
    }
  });
}

/** The steps of a run that another process trains, as they come. */
export class LogFollower {
  private file?: number;
  private offset = 0;

  constructor(private readonly folder: string) {}

  /**
   * The steps since the last time. Those of a run that went on from a checkpoint begin again with the first:
   * its log was taken back, and some steps were made anew.
   */
  news(): TrainingRecord[] {
    return withLog(this.folder, (descriptor) => {
      const { size, ino } = fstatSync(descriptor);
      // Taking a log back puts another file in its place.
      if (ino !== this.file) [this.file, this.offset] = [ino, 0];
      const bytes = readBytes(descriptor, this.offset, size);
      this.offset += bytes.lastIndexOf('\n') + 1;
      return wholeLines(bytes).map((line) => recordOf(this.folder, line));
    });
  }
}

function withLog(folder: string, read: (descriptor: number) => TrainingRecord[]): TrainingRecord[] {
  const file = path.join(folder, 'log.jsonl');
  if (!existsSync(file)) return [];
  const descriptor = openSync(file, 'r');
  try {
    return read(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function readBytes(descriptor: number, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, end - start));
  const count = readSync(descriptor, bytes, 0, bytes.length, start);
  return bytes.subarray(0, count);
}

/** The lines that have come to their ends. */
const wholeLines = (bytes: Buffer): string[] => bytes.toString().split('\n').slice(0, -1);
