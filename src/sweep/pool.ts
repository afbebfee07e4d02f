/**
 * Child processes that train runs. They are processes and not threads, so that one that crashes or is killed
 * takes nothing else with it, and so that backends which are set once a process work too.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { runsInWorkers, type BackendName } from '../tensor/backend.js';
import type { ChildOutcome, FromChild, Task, ToChild } from './child.js';
import type { RunProgress } from './ledger.js';

/** `died`: its process ended without a word; the run can go on from its last checkpoint. */
export type Outcome = ChildOutcome | { readonly state: 'died'; readonly reason: string };

export interface TaskListener {
  readonly onProgress: (progress: RunProgress) => void;
  readonly onWarning: (text: string) => void;
}

/** How long children that are asked to stop may take for their checkpoint. */
const grace = 20_000;

export class ChildPool {
  private readonly idle: Child[] = [];
  private readonly busy = new Set<Child>();
  private isStopping = false;

  /** @param size how many tasks are given to it at a time; the cores are shared among them */
  constructor(private readonly size: number) {}

  /** Trains a run in a child that has nothing to do, or in a new one. */
  async run(task: Task, listener: TaskListener): Promise<Outcome> {
    if (this.isStopping) return { state: 'stopped' };
    const child = this.takeIdle() ?? new Child(this.size);
    this.busy.add(child);
    const outcome = await child.train(task, listener);
    this.release(child);
    return outcome;
  }

  private release(child: Child): void {
    this.busy.delete(child);
    if (this.isStopping) child.end();
    else if (child.isAlive) this.idle.push(child);
  }

  private takeIdle(): Child | undefined {
    let child = this.idle.pop();
    while (child && !child.isAlive) child = this.idle.pop();
    return child;
  }

  /** Lets the children save a checkpoint and ends them. Tasks under way become `stopped`. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const child of this.idle.splice(0)) child.end();
    await Promise.all([...this.busy].map((child) => child.stop(grace)));
  }
}

/**
 * The backend that a run gets which asks for this one, found out in a process of its own: some take a GPU's
 * memory and keep it.
 *
 * @throws Error why it cannot run here
 */
export async function backendFor(request: string | undefined): Promise<BackendName> {
  const child = new Child(1);
  try {
    return await child.describe(request);
  } finally {
    child.end();
  }
}

/** How many runs are trained at a time here: one per core, unless a backend uses the whole machine for one. */
export async function usualSize(requests: Iterable<string | undefined>): Promise<number> {
  for (const request of new Set(requests)) {
    if (!runsInWorkers(await backendFor(request))) return 1;
  }
  return availableParallelism();
}

class Child {
  private readonly process: ChildProcess;
  /** The end of what it wrote to stderr */
  private said = '';

  constructor(poolSize: number) {
    const threads = Math.max(1, Math.floor(availableParallelism() / poolSize));
    this.process = fork(path.join(__dirname, 'child.js'), {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { MMP_THREADS: String(threads), ...process.env },
    });
    this.process.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.said = (this.said + text).slice(-2000);
    });
  }

  get isAlive(): boolean {
    return this.process.connected;
  }

  async train(task: Task, { onProgress, onWarning }: TaskListener): Promise<Outcome> {
    try {
      return await this.ask<Outcome>({ kind: 'train', task }, (message, answer) => {
        if (message.kind === 'progress') onProgress(message.progress);
        else if (message.kind === 'warning') onWarning(message.text);
        else if (message.kind === 'outcome') answer(message.outcome);
      });
    } catch (error) {
      return { state: 'died', reason: (error as Error).message };
    }
  }

  async describe(backend: string | undefined): Promise<BackendName> {
    const found = await this.ask<BackendName | Error>(
      { kind: 'describe', backend },
      (message, answer) => {
        if (message.kind === 'backend') answer(message.name);
        else if (message.kind === 'noBackend') answer(new Error(message.reason));
      },
    );
    if (found instanceof Error) throw found;
    return found;
  }

  /** Asks it to stop, and makes it when that takes longer. */
  async stop(patience: number): Promise<void> {
    this.send({ kind: 'stop' });
    const timer = setTimeout(() => this.process.kill('SIGKILL'), patience);
    if (this.isAlive) await once(this.process, 'exit');
    clearTimeout(timer);
  }

  /** Nothing more comes for it. */
  end(): void {
    if (this.isAlive) this.process.disconnect();
  }

  /**
   * @param hear is given what it says, until it answers
   * @throws Error how it died before it answered
   */
  private ask<Answer>(
    question: ToChild,
    hear: (message: FromChild, answer: (value: Answer) => void) => void,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        this.process.off('message', onMessage).off('close', onClose);
      };
      const onMessage = (message: FromChild) => {
        hear(message, (value) => {
          settle();
          resolve(value);
        });
      };
      // Not "exit": its last words are all there only now.
      const onClose = (code: number | null, signal: NodeJS.Signals | null) => {
        settle();
        reject(new Error(this.epitaph(code, signal)));
      };
      this.process.on('message', onMessage).on('close', onClose);
      this.send(question);
    });
  }

  private epitaph(code: number | null, signal: NodeJS.Signals | null): string {
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    const lines = this.said.trim().split('\n');
    const lastWords = lines.filter((line) => /error/i.test(line)).at(-1) ?? lines.at(-1);
    return `process ${this.process.pid} ${how}${lastWords ? `: ${lastWords}` : ''}`;
  }

  private send(message: ToChild): void {
    // That it cannot be reached shows in its end.
    this.process.send(message, () => undefined);
  }
}
