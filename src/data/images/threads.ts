/**
 * Threads that prepare pictures, so that training does not wait for the arithmetic of resizing: 15 ms a picture.
 * Each has one picture at a time, which bounds how many files are open and pictures decoded at once.
 */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Picture } from './picture.js';
import type { Preparation } from './prepare.js';

export interface PreparationRequest extends Preparation {
  readonly bytes: Uint8Array;
}

/** A picture, or why there is none. */
export type PreparationAnswer = { readonly picture: Picture } | { readonly failure: string };

export class PreparationThreads {
  private readonly idle: Worker[] = [];
  private readonly waiting: ((thread: Worker) => void)[] = [];
  private running = 0;

  /** @param count how many threads there are at most; they are started when they are needed */
  constructor(private readonly count = Math.max(1, Math.min(availableParallelism() - 1, 8))) {}

  /**
   * Reads and prepares a picture, when its turn comes.
   *
   * @throws Error of `read`, or naming the picture when it cannot be decoded
   */
  async prepare(read: () => Promise<Uint8Array>, preparation: Preparation): Promise<Picture> {
    const thread = await this.acquire();
    try {
      return await ask(thread, { ...preparation, bytes: await read() });
    } finally {
      this.release(thread);
    }
  }

  private acquire(): Promise<Worker> | Worker {
    const idle = this.idle.pop();
    if (idle) return idle;
    if (this.running < this.count) return this.start();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  private start(): Worker {
    this.running++;
    const thread = new Worker(path.join(__dirname, 'thread.js'));
    // A process ends although there are threads, but not while one is asked.
    thread.unref();
    return thread;
  }

  private release(thread: Worker): void {
    const next = this.waiting.shift();
    if (next) next(thread);
    else this.idle.push(thread);
  }
}

async function ask(thread: Worker, request: PreparationRequest): Promise<Picture> {
  thread.ref();
  try {
    const answered = once(thread, 'message') as Promise<[PreparationAnswer]>;
    thread.postMessage(request);
    const [answer] = await answered;
    if ('failure' in answer) throw new Error(answer.failure);
    return answer.picture;
  } finally {
    thread.unref();
  }
}
