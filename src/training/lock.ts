/**
 * Who trains a run: a file in its folder, touched while the trainer lives, so that two never write one run.
 * It works between processes and, on a shared file system, between machines.
 */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { writeJson } from '../files/write.js';

const ownerSchema = z.object({ id: z.string(), host: z.string(), process: z.number() });
type Owner = z.infer<typeof ownerSchema>;

/** How often the file is touched, and how long it has not been when its owner counts as dead. */
const touchEvery = 5000;
const deadAfter = 120_000;

/** How long the last of several that take over the lock of a dead trainer has to show itself. */
const settling = 100;

/** Somebody who is alive trains the run. */
export class RunIsLocked extends Error {
  constructor(folder: string, { host, process }: Owner) {
    super(`${folder} is being trained by process ${process} on ${host}`);
  }
}

export class RunLock {
  private readonly owner: Owner = { id: randomUUID(), host: hostname(), process: process.pid };
  private readonly file: string;
  private timer?: NodeJS.Timeout;

  private constructor(private readonly folder: string) {
    this.file = lockFile(folder);
  }

  /**
   * @param folder an existing run folder
   * @throws RunIsLocked when somebody who is alive holds it
   */
  static async acquire(folder: string): Promise<RunLock> {
    const lock = new RunLock(folder);
    await lock.take();
    lock.timer = setInterval(() => {
      lock.touch();
    }, touchEvery).unref();
    return lock;
  }

  private async take(): Promise<void> {
    if (this.claim()) return;
    const holder = livingOwner(this.folder);
    if (holder) throw new RunIsLocked(this.folder, holder);
    writeJson(this.file, this.owner);
    await wait(settling);
    this.expectHeld();
  }

  /** Puts the file there, unless there is one; it appears with all that it says. */
  private claim(): boolean {
    const mine = `${this.file}.${this.owner.id}`;
    writeJson(mine, this.owner);
    try {
      linkSync(mine, this.file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(mine);
    }
  }

  /**
   * To be called before something is written: a trainer that was asleep for long may have been taken for dead.
   *
   * @throws RunIsLocked when another has taken over
   */
  expectHeld(): void {
    const owner = ownerOf(this.folder);
    if (owner?.id !== this.owner.id) {
      throw new RunIsLocked(this.folder, owner ?? { id: '', host: 'another host', process: 0 });
    }
  }

  release(): void {
    clearInterval(this.timer);
    if (ownerOf(this.folder)?.id === this.owner.id) rmSync(this.file, { force: true });
  }

  private touch(): void {
    try {
      const now = new Date();
      utimesSync(this.file, now, now);
    } catch {
      // Gone or unreachable: the next write finds out.
    }
  }
}

/** Whether somebody who is alive trains the run. */
export const isLocked = (folder: string): boolean => livingOwner(folder) !== undefined;

const lockFile = (folder: string) => path.join(folder, 'lock.json');

function ownerOf(folder: string): Owner | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(lockFile(folder), 'utf8')));
  } catch {
    return undefined;
  }
}

function livingOwner(folder: string): Owner | undefined {
  const owner = ownerOf(folder);
  const touched = statSync(lockFile(folder), { throwIfNoEntry: false })?.mtimeMs;
  if (!owner || touched === undefined || Date.now() - touched > deadAfter) return undefined;
  // On this machine it is known at once.
  return owner.host === hostname() && !isAlive(owner.process) ? undefined : owner;
}

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
